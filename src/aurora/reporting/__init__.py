"""The report: `report.json`, the data, and the page made from it alone.

`schema` says what the data is, `verdict` computes sentences from its figures, and `report` writes both files. What the
data is made of is gathered by `aurora.pipeline.collect`, so this room reads no artifact. The page is made of
`sections/`, drawn with `charts/` and `page/`; `wording` is how numbers and names are written. `corpus_page` is a page
about a corpus, `reference` the documentation of report.json.
"""
