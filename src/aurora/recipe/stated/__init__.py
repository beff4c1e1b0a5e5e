"""What the files of a recipe state: laid over each other (`layers`), with paths of their own (`paths`), and what is
wrong with them (`mistakes`), all of it at once (`mending`).
"""
