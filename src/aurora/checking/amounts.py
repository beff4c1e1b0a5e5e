"""Whether there is enough text for what the stages read, and enough disk for what they write.

One decision: both are estimates from sizes that are known at once, so only large shortfalls are reported.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path

from aurora.checking.findings import Findings
from aurora.errors import AuroraError
from aurora.recipe.names import REDTEAM

BYTES_PER_TOKEN = 4.0  # of English; other languages have fewer characters per token, and more bytes per character
BYTES_PER_PARAMETER = 12  # weights and two moments


def check_amounts(findings: Findings) -> None:
    """Passes over the sources whose files lie here."""
    sizes = {name: _size(findings, name) for name in findings.loaded.recipe.corpus.sources}
    for name, stage in findings.loaded.recipe.stages.items():
        total = sum(stage.mixture.values())
        read: dict[str, float] = {}
        for store, weight in stage.mixture.items():
            source = store.split("/")[0]
            read[source] = read.get(source, 0.0) + stage.tokens * weight / total
        for source, tokens in read.items():
            size = sizes.get(source)
            if source == REDTEAM or not size:
                continue
            passes = tokens / (size / BYTES_PER_TOKEN)
            # Half more than where training itself warns, because tokens are only estimated from bytes here.
            if passes > 1.5 * stage.warn_epochs:
                findings.note(
                    f"stages.{name}.mixture",
                    f"{source} has about {size_in_words(size)} of text, which {tokens:,.0f} tokens read some "
                    f"{passes:,.0f} times; give it less weight, the stage fewer tokens, or add text",
                )


def size_in_words(number: float) -> str:
    """About so many bytes of text."""
    for unit, name in ((1e6, "MB"), (1e3, "kB")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number:.0f} bytes"


def check_disk(findings: Findings, run: Path) -> None:
    """Room for the checkpoints of all stages, where the size of the network is known here."""
    from aurora.model.tensors import tensor_table
    from aurora.planning.footprint import shape_of
    from aurora.recipe.stages.stage import checkpoints_of

    recipe = findings.loaded.recipe
    try:
        architecture, vocabulary = shape_of(recipe, findings.loaded.base)
    except AuroraError:
        return  # the model is not here; what is wrong with one that should be is told where it is looked at
    parameters = sum(math.prod(spec.shape) for spec in tensor_table(architecture, vocabulary).values())
    kept = len(checkpoints_of(recipe.stages)) + recipe.execution.keep_checkpoints + 1
    needed = parameters * BYTES_PER_PARAMETER * kept
    place = next(folder for folder in (run, *run.resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    made = sum(file.stat().st_size for file in (run / "checkpoints").rglob("*.safetensors")) if run.exists() else 0
    if needed > free + made:
        findings.mistake(
            "execution.keep_checkpoints",
            f"{kept} checkpoints of {parameters:,} parameters take about {needed / 1e9:,.1f} GB, and {place} has "
            f"{free / 1e9:,.1f} GB free: free some space, keep fewer, or choose another --output",
        )


def _size(findings: Findings, name: str) -> float | None:
    """About how many bytes of text a source's files hold; None where they do not lie here."""
    from aurora.corpus.sources.files import find_files, size_of_text

    source = findings.loaded.recipe.corpus.sources[name]
    paths = getattr(source, "paths", None)
    if not paths:
        return None
    try:
        files = find_files(name, paths, findings.loaded.base).values()
    except AuroraError:
        return None
    size = float(sum(map(size_of_text, files)))
    return size if source.limit_megabytes is None else min(size, source.limit_megabytes * 1e6)
