"""The network: GPT-BigCode in plain PyTorch, its import, export and generation."""
