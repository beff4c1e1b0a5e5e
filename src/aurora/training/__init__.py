"""The stages: from weights and batches to better weights, going on exactly where one was interrupted.

`stage` trains one stage from start to end: `start` makes its network, `trainer` makes one update after another with an
engine of `parallel/`, `optimizer`, `schedule` and `guard`; `replay` and `replay_controller` keep what may not be
forgotten; `meter` and `records/` write down what happened; `checkpoints/` keep it. `process/` sets up a process and its
ranks. Position is the only state: a step follows from the weights, the moments and its number.
"""
