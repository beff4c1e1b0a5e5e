"""How sure a figure is, and whether two figures differ.

Scores of items go in, sentences that a sceptic accepts come out:

    scores -> estimates (figure, standard error, interval) -> comparisons (paired, over tasks and wordings)
    items, one by one -> sequential (verdicts that hold whenever one stops); items x wordings x seeds -> variance

An estimate and its error come from one function and the same items, so they cannot be weighted differently. Items of
one document are no independent evidence: whatever takes items takes their clusters. Nothing here knows a benchmark or a
model.
"""
