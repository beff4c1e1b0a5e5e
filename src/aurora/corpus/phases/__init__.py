"""The three phases of a plan, and what carries their tasks out.

`prepare` reads a shard once and writes its texts and all that later decisions need; `decide` tells from the columns
of all shards what becomes of each document, `remains` judges what is left where something is cut out, and `write`
writes the parts of a shard (`part_files`). `workers` runs tasks in this process, in others or on Ray; `losses` stops
a build that loses too much of a source; `named_files` are the files that the recipe names beside its sources. Phases
meet in the files of `corpus.work`, so a killed build goes on where it stopped.
"""
