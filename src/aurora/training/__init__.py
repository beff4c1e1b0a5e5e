"""The stages: the loop, its schedule, checkpoints and metrics."""
