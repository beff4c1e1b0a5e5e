from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.files import canonical_json
from aurora.run import seal
from aurora.run.manifest import artifact, read_manifest
from aurora.run.schema import SCHEMA
from aurora.run.verify import verify


@pytest.mark.parametrize(("schema", "age"), [(SCHEMA - 1, "an older"), (SCHEMA + 1, "a newer")])
def test_a_run_of_another_version_is_refused_in_a_sentence(tmp_path: Path, schema: int, age: str) -> None:
    """Even where its seal holds things that this version does not know."""
    seal.begin(tmp_path)
    values = json.loads((tmp_path / "seal.json").read_text()) | {"schema": schema, "colour": "red"}
    del values["sha256"]
    values["sha256"] = hashlib.sha256(canonical_json(values)).hexdigest()
    (tmp_path / "seal.json").write_text(json.dumps(values))
    for read in (seal.read_seal, seal.begin, verify):
        with pytest.raises(
            UserError, match=rf"seal\.json was written by {age} version of Aurora \(schema {schema}; this"
        ):
            read(tmp_path)


@pytest.mark.parametrize(("schema", "age"), [(SCHEMA - 1, "an older"), (SCHEMA + 1, "a newer")])
def test_so_is_an_artifact(tmp_path: Path, schema: int, age: str) -> None:
    with artifact(tmp_path / "out", "export", 1, {}, {}) as folder:
        (folder / "a").touch()
    path = tmp_path / "out/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": schema}))
    with pytest.raises(UserError, match=rf"manifest\.json was written by {age} version of Aurora"):
        read_manifest(tmp_path / "out")
