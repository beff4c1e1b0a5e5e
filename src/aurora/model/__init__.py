"""The network: plain PyTorch, its import, export and generation.

`families` say what published networks call things; `tensors` is the table of all that follows from an architecture
about each tensor. `network` is made of `layers`, with attention and `cross_entropy` written for CPUs as well. `folder`
and `weights` keep a model in files, `huggingface` and `published` read and write what others load; `generation` writes
text. `scorer` is what evaluation sees of a network, whether one process holds it or many.
"""
