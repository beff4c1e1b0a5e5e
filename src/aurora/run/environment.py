"""Where a step ran: machine, interpreter and the versions of what can change a result.

One decision: it is recorded in every manifest, so two manifests show whether their runs could differ by it.
"""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from aurora.version import __version__

LIBRARIES = ("torch", "numpy", "tokenizers", "pyarrow", "pycld2", "safetensors", "pydantic")


@cache
def environment() -> dict[str, str]:
    """Machine, interpreter, versions of the libraries whose code can change a result, and Aurora's commit if known."""
    facts = {"aurora": __version__, "python": platform.python_version(), "platform": platform.platform()}
    facts |= {"cpu": _processor(), "cores": str(os.cpu_count() or 1)}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            facts[name] = version(name)
    if commit := _commit():
        facts["commit"] = commit
    return facts


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of the checkout this code runs from, marked where files differ from it; None outside a checkout."""
    git = ["git", "-C", str(Path(__file__).parent)]
    with suppress(OSError, subprocess.CalledProcessError):
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        clean = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "."], check=False).returncode == 0
        return commit if clean else f"{commit} with changes"
    return None
