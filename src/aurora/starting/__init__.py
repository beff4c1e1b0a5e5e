"""Starting a recipe of one's own: what the user's text is (`look`), what to choose for it (`choices`), the files to
write (`writing`), and a policy to change (`policy`).

One decision: the recipe runs unchanged, and every choice is a line with its reason, so that a reader can change it.
"""
