"""What is decided during a stage: the shares of replayed sources (`replay`) and when it ends (`early_end`), by
measurements, and to which earlier weights it returns (`going_back`).

A measurement is in a file before any step depends on it.
"""
