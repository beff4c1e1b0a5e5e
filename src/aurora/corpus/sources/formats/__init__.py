"""The formats that sources are packed in: compressed files (`compression`, `frames`) and archives of the web (`warc`).

All three read part by part, so that damage costs only the part that has it.
"""
