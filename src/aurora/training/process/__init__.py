"""A process that trains: its device and threads, the other ranks and whether they are alive, and signals."""
