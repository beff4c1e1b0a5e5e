"""What measurements decide during a stage: the shares of replayed sources (`replay`), and when it ends (`early_end`).

Both write a measurement to a file before any step depends on it.
"""
