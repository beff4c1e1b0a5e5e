"""The parts of a network: attention, MLP, norms and rotary positions, the same for every family."""
