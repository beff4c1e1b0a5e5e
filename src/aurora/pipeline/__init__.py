"""Running a recipe: its steps in order, each skipped when it is done.

`step` defines what a step is. One module per room (`corpus`, `redteam`, `tokens`, `training`, `evaluation`) lists the
steps that a recipe needs of the room, what each reads and where it writes; `reporting` writes the report at the end,
from what `collect` gathers. They know the recipe, the run and every room, while rooms know only each other's files; a
room is imported when its step runs. `running` runs the steps, holds the run's lock and writes the manifests.
"""
