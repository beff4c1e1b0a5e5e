"""Answers to prompts that a model drafts, for reviewers to choose from and to edit.

instructions.py  what is asked of the model, by the policy   drafts.py  which answers are worth a reviewer's time
"""
