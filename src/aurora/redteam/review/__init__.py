"""Human review of red-team items: a log of what people decided, and the dataset that follows from it alone.

    items -> log/ (events -> state) -> exporting/ -> dataset, card, agreement

The log is the only thing that is kept; state, agreement and dataset are functions of it. What shows items to people and
stores the events is a layer above.
"""
