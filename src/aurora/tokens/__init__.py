"""Clean documents to token stores to batches.

    text/ (a tokenizer and its facts) -> build -> store -> packing -> mixture -> loader

`build` encodes documents and prompt/response pairs into stores, Megatron's indexed datasets; `adoption` copies stores
made elsewhere, and `preferences` reads and encodes pairs of answers. `packing` decides how documents fill sequences,
`interleaving` and `mixture` which source the n-th sequence of a stage comes from; `loader` gives the batch of any step
to any rank. `stage_loader` combines these as a stage of the recipe states them, and `describe` prints what a run's
tokens are.
"""
