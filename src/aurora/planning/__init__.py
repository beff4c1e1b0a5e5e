"""What a job needs, told before it is started.

`footprint` says for every rank of a layout which layers, parameters and bytes it holds, without making a tensor.
"""
