"""A process that trains: its device and threads, its fellow ranks, signals, and a watch over the others."""
