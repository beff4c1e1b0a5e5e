"""Keeping the text that a model is measured on out of the text that it is trained on.

    other_domain -> sentences -> the build is refused
    benchmark files -> sets -> items -> documents are dropped or counted

`sentences` finds documents that contain a sentence of the measuring domain; a corpus that would keep one is refused.
`items` finds documents that contain the items of benchmark sets, which `sets` reads from the user's JSON lines.
"""
