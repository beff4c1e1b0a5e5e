"""What a stage records while it trains: metrics, batches left out, sources read, its state, and runs of trackers."""
