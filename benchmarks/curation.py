"""Curation beside its peers: one object with the figures of the parts.

    python benchmarks/curation.py --data DIR [--json] [--part plan]

DIR holds corpora/LANG.jsonl.zst (lines with `text`) for en, fi, hi, ja, vi and code, and corpora/noisy.jsonl.zst
(see curation_detection.py). Each part is a module beside this
one with `measure(data)`, which returns its keys of the object. The peer is datatrove, a dependency of this benchmark
alone: pip install 'datatrove[io,processing,multilingual]'. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import Any

from inputs import add_data, data_of

PARTS = ("rules", "detection", "duplicates", "contamination", "normalise", "lines", "plan")


def main() -> None:
    """Measure the parts in turn; the last line printed is the object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    arguments.add_argument("--json", action="store_true", help="print only the one object")
    arguments.add_argument("--part", choices=PARTS, action="append", help="measure this part alone; may be repeated")
    chosen = arguments.parse_args()
    found: dict[str, Any] = {}
    with data_of(chosen, "corpora/noisy.jsonl.zst") as data:
        for part in chosen.part or PARTS:
            measured = importlib.import_module(f"curation_{part}").measure(data)
            if not chosen.json:
                print(json.dumps(measured, indent=2), file=sys.stderr)
            found |= measured
    print(json.dumps(found))


if __name__ == "__main__":
    main()
