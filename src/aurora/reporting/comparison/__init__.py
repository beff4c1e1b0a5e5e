"""A page that compares checkpoints on tasks, made from their files of results alone.

items      items of all tasks as each checkpoint answered them: right, wrong, flipped; a bounded choice of them
verdicts   what was gained, forgotten and cannot be told; what a reader has to know
scores     bars with intervals, and the radar by language
browsing   the items, to be searched and filtered
page       the whole page
"""
