"""A checkpoint as a model of lm-evaluation-harness: log-likelihoods and answers, fast and the same whatever the batch.

    requests -> rows -> tree -> passes -> likelihoods        (choices, texts)
    requests -> prompts -> slots, one step at a time -> stopping   (answers)

`lm` is what the harness sees, and the only module that imports it.
"""
