"""The MinHash signatures of a shard that was prepared without them, computed from its prepared texts.

One decision: `prepare` writes signatures while it has the texts in memory; a recipe that asks for near duplicates only
later gets them from the prepared texts, without reading a source again.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.conversation import prompts_of
from aurora.corpus.kernels.minhash import signatures
from aurora.corpus.plan import Plan, Shard
from aurora.corpus.work import WorkFiles
from aurora.files import atomic_file
from aurora.recipe.sources import ConversationsSource

# Raise it when the code changes the signature of the same text, so that shards are signed again.
SIGNING = 2


def sign_shard(plan: Plan, shard: Shard) -> None:
    """Write the signature of each document, in the order of the texts."""
    files = WorkFiles(plan.work, shard.name)
    talk = isinstance(plan.corpus.sources[shard.source], ConversationsSource)
    by_prompts = talk and plan.corpus.curation.duplicate_conversations == "prompts"
    with pq.ParquetFile(files.texts) as texts, atomic_file(files.signatures) as stream:
        for group in range(texts.num_row_groups):
            table = texts.read_row_group(group, columns=["text", "meta"]).combine_chunks()
            column = table["text"].combine_chunks().cast(pa.large_string())
            if by_prompts:
                column = pa.array(prompts_of(column.to_pylist(), table["meta"].to_pylist()), pa.large_string())
            stream.write(signatures(column).tobytes())
