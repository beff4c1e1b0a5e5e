"""One training step shared by many processes: pipeline x replicate x shard x tensor.

`layout` says how ranks are arranged, `segment` is the part of the network that a rank of the pipeline holds, `tensor`
cuts its matrices, `pipeline` passes micro-batches through it, and `network` puts everything on one device mesh.
`engine` is the interface that the trainer uses, with one process or many.
"""
