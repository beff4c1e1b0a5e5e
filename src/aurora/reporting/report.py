"""Writing report.json and the page made from it.

One decision: the page is a function of report.json alone. It is rendered from the content of the written file, never
from objects in memory, so the two cannot differ and an old report can be rendered again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aurora.errors import AuroraError, UserError
from aurora.files import json_text, read_json
from aurora.languages.lookup import called
from aurora.nearest import beside
from aurora.reporting.compared import languages_of
from aurora.reporting.page.components import Palette
from aurora.reporting.page.frame import document
from aurora.reporting.page.markup import join, tag
from aurora.reporting.schema import Report
from aurora.reporting.sections.corpus import corpus_section
from aurora.reporting.sections.gets import gets_section
from aurora.reporting.sections.languages import answers_section, gains_section, languages_section, other_domain_section
from aurora.reporting.sections.mixtures import mixtures_section
from aurora.reporting.sections.overview import contents, limits, verdict
from aurora.reporting.sections.reproduction import glossary_section, reproduction_section
from aurora.reporting.sections.retention import retention_section
from aurora.reporting.sections.safety import safety_section
from aurora.reporting.sections.samples import samples_section
from aurora.reporting.sections.training import curves_section
from aurora.reporting.verdict import headline
from aurora.run.folder import PAGE, REPORT, RunFolder
from aurora.run.seal import keep_sealed, read_seal, write_sealed
from aurora.written.complaints import MISSING, UNKNOWN, complaint


def write_report(report: Report | Mapping[str, Any], run_folder: Path) -> Path:
    """Write `report.json` and `report.html` into the run's folder; returns the page's path.

    Raises `AuroraError` naming the first key that does not fit the schema.
    """
    checked = report if isinstance(report, Report) else _checked(report, "the run's report")
    written = checked.model_dump(mode="json", by_alias=True)
    # What a run was not asked for is not said, so that its report does not change with what others may be asked.
    for part in (written, *written["stages"], written["control"] or {}):
        for key in ("base", "language_names", "tasks", "asked"):
            if not part.get(key, True):
                del part[key]
    write_sealed(run_folder, REPORT, json_text(written))
    return render_run(run_folder)


def read_report(run_folder: Path) -> Report:
    """The report of a finished run; `AuroraError` where there is none, or it is not as the run wrote it."""
    if not run_folder.is_dir():
        raise UserError(f"{run_folder} is not a run{beside(run_folder)}: give runs/NAME.")
    if seal := read_seal(run_folder):
        keep_sealed(run_folder, REPORT, seal)
    path = RunFolder(run_folder).report
    if not path.exists():
        raise UserError(f"{run_folder} has no report yet: run its recipe to the end, which writes one.")
    return _checked(read_json(path), str(path))


def render_run(run_folder: Path) -> Path:
    """Write `report.html` anew from the folder's `report.json`; returns its path.

    Raises `AuroraError` where either is not as the run wrote it.
    """
    read_report(run_folder)
    run = RunFolder(run_folder)
    write_sealed(run_folder, PAGE, render(read_json(run.report)))
    return run.page


def render(report: Mapping[str, Any]) -> str:
    """The whole page from the content of a report.json; `AuroraError` where it does not fit the schema."""
    checked = _checked(report, "report.json")
    with called(checked.language_names):
        return _page(checked)


def _page(checked: Report) -> str:
    palette = Palette([language for language in languages_of(checked) if language != "und"])
    candidates = [
        ("gets", "What a user gets", gets_section(checked)),
        ("shows", "What it shows", limits(checked)),
        ("corpus", "Corpus", corpus_section(checked.corpus, palette)),
        ("mixtures", "Mixtures", mixtures_section(checked, palette)),
        ("languages", "Bits per byte", languages_section(checked, palette)),
        ("gains", "Gained and forgotten", gains_section(checked)),
        ("retention", "Kept by replay", retention_section(checked, palette)),
        ("other-domain", "Another domain", other_domain_section(checked, palette)),
        ("answers", "Answers", answers_section(checked, palette)),
        ("curves", "Curves", curves_section(checked, palette)),
        ("samples", "Samples", samples_section(checked)),
        ("safety", "Safety", safety_section(checked)),
        ("reproduce", "Reproduction", reproduction_section(checked)),
        ("words", "Words", glossary_section()),
    ]
    parts = [(identity, title, part) for identity, title, part in candidates if part is not None]
    content = join(
        tag("a", "Skip to the verdict", href="#verdict", class_="skip"),
        tag(
            "main",
            verdict(checked),
            contents([(identity, title) for identity, title, _ in parts]),
            [part for _, _, part in parts],
            id="verdict",
        ),
    )
    version = f" {checked.environment.aurora}" if checked.environment.aurora else ""
    closing = f"Made by Aurora{version} from report.json alone. All figures are in that file."
    return document("report", f"{checked.recipe}: Aurora run report", headline(checked), content, closing)


_said = {MISSING: "is missing", UNKNOWN: "is not known"}


def _checked(data: Mapping[str, Any], where: str) -> Report:
    try:
        return Report.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the top"
        what = _said.get(first["type"]) or complaint(first)
        raise AuroraError(
            f"{where} does not fit the report's schema at {key} ({what}): run the recipe again."
        ) from error
