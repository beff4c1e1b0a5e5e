"""Clean documents to token stores to batches.

    text/ (a tokenizer and its facts) -> build -> store -> packing -> mixture -> loader

`build` encodes documents and prompt/response pairs into stores, Megatron's indexed datasets; `adoption` takes stores
made elsewhere. `packing` says how documents fill sequences, `interleaving` and `mixture` which source the n-th sequence
of a stage comes from, and `loader` gives the batch of any step to any rank. `stage_loader` puts these together as the
recipe states them, and `describe` prints what a run's tokens are.
"""
