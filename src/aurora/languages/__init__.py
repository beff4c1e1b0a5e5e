"""Languages: what a label of one means, for every room."""
