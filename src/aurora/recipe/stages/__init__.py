"""A stage of training as the recipe states it.

`stage` is the table itself: what is trained on which data, for how long, and how. `schedule`, `pace` and `retention`
are its learning rate, its batch sizes and what it may forget; `made_with` lists, key by key, what the numbers of its
first steps follow from, which is what an interrupted stage compares.
"""
