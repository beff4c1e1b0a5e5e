"""The files that a recipe's curation names besides its sources: models, word lists, keys, benchmark sets.

One decision: a corpus depends on their content, not on their paths.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from aurora.corpus.contamination.items import identities
from aurora.files import canonical_json
from aurora.hashes import digest_of
from aurora.recipe.corpus import Curation


def named_files(curation: Curation, base: Path) -> dict[str, str]:
    """By key of the recipe, a hash of the files it names; only keys in use. Paths start from `base`.

    Raises `UserError` if a benchmark set does not exist.
    """
    models = {"fasttext_model": curation.fasttext_model}
    models |= {f"perplexity.{lang}": path for lang, path in curation.perplexity.items()}
    models |= {"personal_data_key": curation.personal_data_key}
    models |= {f"flagged_words.{lang}": path for lang, path in curation.flagged_words.items()}
    hashes = {key: digest_of(base / path) for key, path in models.items() if path and (base / path).is_file()}
    if wanted := curation.contamination:
        sets = identities(wanted.sets, base)
        hashes["contamination"] = hashlib.sha256(canonical_json([sets, wanted.fields])).hexdigest()
    return hashes
