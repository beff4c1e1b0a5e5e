"""Compiled passes over the bytes of many documents, straight from Arrow's buffers (`columns`).

`compiled` is the only module that imports numba; every kernel is compiled through it, and its machine code is kept
under a mark of all the code it was made from. `characters` says what each character is; `outline` writes down a
text's tokens and lines in one pass; `statistics` and `ngrams` count on that, and `measure` is what rules call.
`folding`, `shingles`, `minhash` and `overlap` are what duplicates and benchmark items are found with.
"""
