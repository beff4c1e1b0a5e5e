"""Clean documents to token shards to batches: tokenizer, store, mixture, loader."""
