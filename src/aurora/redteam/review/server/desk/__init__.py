"""Reviewing without the web: who gets which item (`work`), what may be decided (`desk`), and what is read beside it."""
