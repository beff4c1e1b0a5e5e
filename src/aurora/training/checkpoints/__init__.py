"""Checkpoints of a stage in training, each whole or absent.

`checkpoint` writes and reads one, `saving` does so while training goes on; tensors are stored as boxes in safetensors
files (`boxed_tensors`), and `placement` says which box a rank holds. `continuing` decides from which checkpoint a stage
goes on, `taking_over` makes one of a finished stage's files, and `aside` moves what does not fit out of the way.
"""
