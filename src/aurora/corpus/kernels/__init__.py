"""Compiled passes over the bytes of many documents, straight from Arrow's buffers (`columns`).

    bytes -> outline (by characters) -> tokens, lines -> document_statistics, ngrams, spans -> batch_statistics -> rules
    bytes -> shingles -> minhash -> near duplicates      bytes -> folding -> overlap -> benchmark items

`compiled` is the only module that imports numba; every kernel is compiled through it, and its machine code is cached
under a hash of all the code it was made from. `characters` holds flags for each character; `outline` finds a text's
tokens and lines in one pass; `document_statistics` and `ngrams` count on them, and `batch_statistics` is what rules
call. `folding` and `shingles` are the two forms in which texts are compared.
"""
