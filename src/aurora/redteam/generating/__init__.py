"""Prompts of a policy without a model, to be reviewed: made of its words, or chosen from conversations.

    policy -> templates ----------------\\
    conversations -> likeness, chosen -- > apart -> prompt -> writing -> prompts.jsonl

`templates` puts actions into templates, as many as are asked for and spread evenly; `conversations` takes what people
have asked and `likeness` tells which category it is of. `apart` keeps near duplicates out of both, and `kept_out` what
belongs to evaluation sets.
"""
