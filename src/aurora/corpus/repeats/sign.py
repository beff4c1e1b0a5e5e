"""The MinHash signatures of a shard that was prepared without them, computed from its prepared texts.

One decision: `prepare` writes signatures while it has the texts in memory; a recipe that asks for near duplicates only
later gets them from the prepared texts, without reading a source again.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.kernels.minhash import signatures
from aurora.corpus.plan import Plan, Shard
from aurora.corpus.work import WorkFiles
from aurora.files import atomic_file

# Raise it when the code changes the signature of the same text, so that shards are signed again.
SIGNING = 2


def sign_shard(plan: Plan, shard: Shard) -> None:
    """Write the signature of each document, in the order of the texts."""
    files = WorkFiles(plan.work, shard.name)
    with pq.ParquetFile(files.texts) as texts, atomic_file(files.signatures) as stream:
        for group in range(texts.num_row_groups):
            column = texts.read_row_group(group, columns=["text"])["text"].combine_chunks()
            stream.write(signatures(column.cast(pa.large_string())).tobytes())
