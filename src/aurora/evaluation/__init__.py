"""What is measured on a checkpoint: bits per byte, a bigram beside it, refusals, samples."""
