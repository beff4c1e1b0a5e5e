from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aurora.errors import AuroraError
from aurora.tokens.preferences.references import reference_file, references_of, write_references


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert references_of(tmp_path, "prefs/en") is None
    found = np.array([[-1.5, -2.25], [-1e-9, np.nan]])
    write_references(tmp_path, "prefs/en", found)
    assert reference_file(tmp_path, "prefs/en") == tmp_path / "prefs.en.npy"
    read = references_of(tmp_path, "prefs/en")
    assert read is not None
    np.testing.assert_array_equal(read, found)


def test_another_file_in_its_place_is_refused(tmp_path: Path) -> None:
    path = reference_file(tmp_path, "prefs/en")
    path.write_bytes(b"not numbers")
    with pytest.raises(AuroraError, match=r"prefs\.en\.npy is damaged"):
        references_of(tmp_path, "prefs/en")
    np.save(path, np.zeros(4))
    with pytest.raises(AuroraError, match="has another form"):
        references_of(tmp_path, "prefs/en")
