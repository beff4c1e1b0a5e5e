"""Aurora from Python: a recipe carried out, and what a run has made as objects.

`runs` carries recipes out and opens what they made; `corpora` and `tokens` read a run's artifacts; `checkpoints` loads
models that write and are scored; `judging` says what an answer is. `import aurora` gives out all of it and loads a
module when it is asked for, so that torch is imported with the first model and not before. The command line is made of
the same.
"""
