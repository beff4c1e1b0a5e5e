"""The report: `report.json`, the data, and the page made from it alone.

`collect` gathers a run's artifacts into the types of `schema`; `verdict` computes sentences from the figures; `report`
writes both files. The page is made of `sections/`, drawn with `charts/` and `page/`; `wording` is how numbers and names
are written. `corpus_page` is a page about a corpus, `reference` the documentation of report.json.
"""
