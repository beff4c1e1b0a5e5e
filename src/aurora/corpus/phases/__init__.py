"""The three phases of a plan, and the engines that run their tasks.

    prepare (a shard) -> texts, facts -> decide (all shards) -> fates, cuts -> write (a shard) -> parts, ledger

`prepare` reads a shard once and writes its texts and everything that later decisions need. `decide` settles from the
columns of all shards what becomes of each document; `remains` judges what is left of documents that are cut. `write`
writes a shard's parts with `part_files`. `workers` runs tasks in this process, in others or on Ray; `losses` stops a
build that loses too much of a source; `named_files` hashes the files that the recipe names besides its sources. Phases
pass data through the files of `corpus.work`, so a killed build resumes where it stopped.
"""
