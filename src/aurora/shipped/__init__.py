"""Recipes and policies that come with Aurora, found by name wherever it is installed.

One decision: they are kept at the top of the repository, where people look for them (`recipes/`, `policies/`), and
building a wheel copies both folders into this package; so a checkout and an installed package hold the same files, side
by side, and a recipe's `../policies/NAME.yaml` means the same in both.
"""
