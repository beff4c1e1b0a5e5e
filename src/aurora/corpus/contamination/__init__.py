"""Keeping what a model is measured on out of what it is trained on.

`sentences` refuses a corpus that holds a sentence of the measuring text. `items` finds the documents that hold the text
of a benchmark's items, read by `sets` from whatever files the user has.
"""
