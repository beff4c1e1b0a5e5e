"""Raw text to clean documents.

A recipe's `corpus` table names sources. `plan` cuts them into shards, `curate` carries the shards through three phases
and writes one artifact: `clean/`, `held_out/`, `dropped/`, `quarantined/` and a ledger in which documents in = kept +
dropped + quarantined.

    sources/ -> document -> phases/ (kernels/ cleaning/ rules/ personal/ repeats/ contamination/) -> ledger, artifact

The first phase reads, cleans and measures every shard alone (`phases/prepare`). The second decides from the columns of
all shards what becomes of each document (`phases/decide`), and the third writes it (`phases/write`). `scan` judges
texts without building a corpus, `describe` prints what a corpus kept and lost, `artifact` reads one.
"""
