"""Low-rank adapters: `description` makes a network with adapters an architecture of its own, `merging` adds the trained
ones to the matrices that they stand beside and writes them as peft does. Their layer is in `model.layers.adapted`.
"""
