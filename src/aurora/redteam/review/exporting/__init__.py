"""The dataset of a review: what was accepted, as rows, preference pairs and an agreement table, in several formats.

state -> rows -> apart (near duplicates, split) -> dataset -> formats -> folder
"""
