"""The scorer tested on a user's own checkpoint: bugs that evaluators shipped are put in, one by one, and each must be
found.

    mutants (one bug each) -> invariants (what holds of any model) -> running (which invariant found which bug)

`lab` holds what they work on: the checkpoint, a few requests, and the answers that plain passes over whole texts give.
"""
