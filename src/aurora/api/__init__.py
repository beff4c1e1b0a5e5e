"""Aurora from Python: running recipes, and the results of a run as objects.

`runs` runs recipes and opens their runs; `corpora` and `tokens` read a run's artifacts; `checkpoints` loads models that
generate and score text; `judging` classifies an answer. `import aurora` offers all of it and loads a module when it is
first used, so torch is imported with the first model and not before. The command line is built on the same functions.
"""
