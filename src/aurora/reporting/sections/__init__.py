"""The sections of the page: overview, corpus, mixtures, languages, retention, training, samples, safety, reproduction.

Each is a function from the report (and the palette of its languages) to markup, or to None if the run has nothing to
show there.
"""
