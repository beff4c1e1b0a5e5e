"""How much memory a rank needs to take up its part of a published model or of a checkpoint, beside the part itself.

    python benchmarks/start.py --layout 2,2,1 [--json]

Starts a model of 220 million parameters on the ranks of `--layout` (tensor, pipeline, data), then has them take up the
moments of a checkpoint, as the test of it does (`tests/oracles/taking_up.py`). Prints peak over share of the rank where
that is largest.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from oracles.taking_up import layout_of, measure


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", type=layout_of, default=(2, 2, 1))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true", help="a small model, to see that the script runs")
    arguments = parser.parse_args()
    found = measure(arguments.layout, arguments.small)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, ratio in found["largest"].items():
        print(f"{found['layout']}: {name} took {ratio} of a rank's share at most")


if __name__ == "__main__":
    main()
