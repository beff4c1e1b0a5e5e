"""A recipe carried out: its steps in order, each skipped when it is done.

A step reads artifacts and writes one; `steps` says for every room which steps a recipe asks for, and `running` carries
them out, holds the run's lock and writes the manifests.
"""
