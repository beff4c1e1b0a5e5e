"""The files of a recipe: merged over each other (`layers`), with their own relative paths (`paths`), and all mistakes
in them (`mistakes`), found at once (`mending`).
"""
