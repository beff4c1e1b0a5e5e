"""Preference pairs: prompts with two answers each, of which one is wanted.

`reading` reads a person's file of them, `encoding` writes them into a token store, and `rows` fills sequences, both
answers of a pair in one.
"""
