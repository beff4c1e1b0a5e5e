"""The network: plain PyTorch, its import, export and generation.

`tensors` is the table that says all about each tensor of an architecture. `gpt_bigcode` is the network, with
`attention` and `cross_entropy` written for CPUs as well; `folder` and `weights` keep a model in files, `huggingface`
and `published` read and write what others load; `generation` writes text. `scorer` is what evaluation sees of a
network, whether one process holds it or many.
"""
