"""What a job needs, computed before it starts.

`footprint` says for every rank of a layout which layers, parameters and bytes it holds, without creating a tensor.
"""
