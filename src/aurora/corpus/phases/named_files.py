"""The files that a recipe's curation names beside its sources: a model, benchmark sets.

One decision: what they hold, not where they lie, is part of what a corpus follows from.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from aurora.corpus.contamination.items import identities
from aurora.files import canonical_json
from aurora.hashes import digest_of
from aurora.recipe.corpus import Curation


def named_files(curation: Curation, base: Path) -> dict[str, str]:
    """A hash of what each key that names files refers to, by key; of keys in use alone. Paths start from `base`.

    Raises `UserError` where a benchmark set is not there.
    """
    models = {"fasttext_model": curation.fasttext_model}
    models |= {f"perplexity.{lang}": path for lang, path in curation.perplexity.items()}
    models |= {"personal_data_key": curation.personal_data_key}
    models |= {f"flagged_words.{lang}": path for lang, path in curation.flagged_words.items()}
    found = {key: digest_of(base / path) for key, path in models.items() if path and (base / path).is_file()}
    if wanted := curation.contamination:
        sets = identities(wanted.sets, base)
        found["contamination"] = hashlib.sha256(canonical_json([sets, wanted.fields])).hexdigest()
    return found
