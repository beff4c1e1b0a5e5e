"""What can be known of a run before an hour is spent on it: files, models, policy, extras, device, disk.

One decision: each room is asked by the code that it works with later, so a check cannot say other than the run does.
"""
