"""What a stage writes down while it trains: metrics, batches left out, and runs of outside trackers."""
