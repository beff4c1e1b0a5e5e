"""A recipe carried out: its steps in order, each skipped when it is done.

`step` says what a step is. A module a room (`corpus`, `redteam`, `tokens`, `training`, `evaluation`) says which steps a
recipe asks of the room, what each reads and where it writes; `reporting` writes the report at the end, from what
`collect` gathers. They know the recipe, the run and every room, which know nothing of each other but their files; a
room is imported when its step runs. `running` carries the steps out, holds the run's lock and writes the manifests.
"""
