"""What a stage's start says of preference pairs, as files: log-probabilities of both answers of each pair.

One decision: they are read by a pair's place in its store, so a resumed stage needs no more of them than its position.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aurora.errors import AuroraError
from aurora.files import explained
from aurora.tokens.preferences.rows import References
from aurora.tokens.store import store_stem


def reference_file(folder: Path, source: str) -> Path:
    """The file of a source's pairs."""
    return store_stem(folder, source).with_name(f"{store_stem(folder, source).name}.npy")


def references_of(folder: Path, source: str) -> References | None:
    """What was computed for the pairs of a source, [pairs, 2]; None where it was not yet."""
    path = reference_file(folder, source)
    if not path.is_file():
        return None
    try:
        found: References = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError) as error:
        raise AuroraError(f"{path} is damaged ({error}): delete {folder} and run the recipe again.") from error
    if found.ndim != 2 or found.shape[1] != 2 or found.dtype != np.float64:
        raise AuroraError(f"{path} has another form than [pairs, 2]: delete {folder} and run the recipe again.")
    return found


def write_references(folder: Path, source: str, found: References) -> None:
    """Write what was computed for the pairs of a source."""
    with explained(folder), open(reference_file(folder, source), "wb") as stream:
        np.save(stream, found, allow_pickle=False)
