"""Checks before a run spends an hour: files, models, policy, extras, device, disk.

One decision: each check calls the code that the run uses later, so the two cannot disagree.
"""
