"""What is measured on a checkpoint.

`results` writes one JSON file for each checkpoint: bits per byte on the text of `held_out`, samples, and refusals.
`bigram` is the humble model that stands beside every figure of a small network.
"""
