"""The signatures of a shard that was prepared without them: made from the texts as they left the steps.

One decision: who asks for near duplicates at once gets signatures while the texts are at hand (`prepare`); who asks
later has them made behind, and reads no source again.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.kernels.minhash import signatures
from aurora.corpus.plan import Plan, Shard
from aurora.corpus.work import WorkFiles
from aurora.files import atomic_file

# Rises when the code changes the signature of the same text.
SIGNING = 2


def sign_shard(plan: Plan, shard: Shard) -> None:
    """Write the signature of each document, in the rows of the texts."""
    files = WorkFiles(plan.work, shard.name)
    with pq.ParquetFile(files.texts) as texts, atomic_file(files.signatures) as stream:
        for group in range(texts.num_row_groups):
            column = texts.read_row_group(group, columns=["text"])["text"].combine_chunks()
            stream.write(signatures(column.cast(pa.large_string())).tobytes())
