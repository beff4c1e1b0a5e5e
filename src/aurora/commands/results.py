"""`aurora report` and `aurora verify`: the results of a run, and whether its files have changed."""

from __future__ import annotations

from pathlib import Path

import click

from aurora.commands.options import FILE, say_unfinished
from aurora.console.terminal import write


@click.command()
@click.argument("run_folder", metavar="RUN", type=FILE)
@click.option("--picture", type=FILE, metavar="FILE", help="Also write a PNG of its first screen, taken by Chromium.")
def report(run_folder: Path, picture: Path | None) -> None:
    """Write a run's report.html again from its report.json."""
    from contextlib import nullcontext

    from aurora.reporting.report import render_run
    from aurora.run.folder import RunFolder
    from aurora.run.lock import locked

    say_unfinished(run_folder)
    with locked(run_folder) if RunFolder(run_folder).seal.exists() else nullcontext():
        page = render_run(run_folder)
    write(str(page))
    if picture:
        from aurora.reporting.page.browser import photograph

        write(str(photograph(page, picture)))


@click.command()
@click.argument("path", metavar="RUN|FOLDER", type=FILE)
def verify(path: Path) -> None:
    """Read every file of a run, or of a folder that a step, import or export wrote, and compare it with its hash.

    Names every file that is missing, altered, linked elsewhere or added, and says whether the run is finished.
    """
    from aurora.run.verify import verify as verify_path

    write(verify_path(path))
