"""Benchmarks of choices: the likelier of some continuations is what a model answers.

`items` are read from files in one flat schema, `likelihoods` scores their continuations with what they share computed
once, and `tasks` puts both together into accuracies that compare in pairs.
"""
