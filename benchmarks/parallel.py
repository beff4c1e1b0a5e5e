"""One parallel layout beside one process: the same stage, its losses and its last weights.

    python benchmarks/parallel.py --layout 2,2,2 --steps 30 --json

`--layout` is tensor, pipeline, data. What is trained, and how it is compared, is what the tests of the layouts compare
(`tests/oracles/one_process.py`). Prints the largest relative error of a loss, the largest error of a final weight and
the seconds of the parallel run; with --json one object as the last line.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from oracles.one_process import compare, options, parse


def main() -> None:
    """Compare."""
    kept_apart = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=kept_apart, parents=[options()])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true", help="two steps, to see that it runs")
    arguments = parser.parse_args()
    given = [argument for argument in sys.argv[1:] if argument not in ("--json", "--small")]
    found = compare(parse([*given, "--steps", "2"] if arguments.small else given))
    print(json.dumps(found) if arguments.json else "\n".join(f"{name}: {value:.3g}" for name, value in found.items()))


if __name__ == "__main__":
    main()
