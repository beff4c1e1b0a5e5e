"""The stages: from weights and batches to better weights; an interrupted stage resumes exactly.

`stage` trains one stage from start to end: `start` makes its network, `trainer` makes one update after another with an
engine of `parallel/`, `optimizer`, `schedule` and `guard`; `deciding/` limits what is forgotten and ends a stage early;
`meter` and `records/` write down what happened; `checkpoints/` save it. `process/` sets up a process and its ranks.
Position is the only state: a step follows from the weights, the moments and its number.
"""
