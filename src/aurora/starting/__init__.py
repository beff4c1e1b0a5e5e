"""A recipe of one's own, begun: what the user's text is (`look`), what follows from it (`choices`), the files that are
written (`writing`), and a policy to change (`policy`).

One decision: what is written runs as it stands, and every choice is a line with its reason, so it is changed
by reading.
"""
