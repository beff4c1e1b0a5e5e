"""The report of a run, written when all its steps are finished.

One decision: it is not a step with a fingerprint but is written after every run, because it is a pure function of the
artifacts and takes a moment; files are compared with their hashes first, so a report never describes altered ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aurora.folders import faults, refuse_faulty
from aurora.pipeline.step import Project, Step
from aurora.run import seal
from aurora.run.folder import OWN_FILES
from aurora.run.manifest import Manifest, read_manifest


def write_run_report(project: Project, steps: Iterable[Step]) -> Path:
    """Write the report and its page from the artifacts of finished `steps`, and seal the run; returns the page."""
    from aurora.pipeline.collect import collect
    from aurora.reporting.report import write_report

    run = project.run
    manifests: dict[str, Manifest] = {}
    for step in steps:
        artifact = run.path / step.folder
        manifest = read_manifest(artifact)
        assert manifest is not None  # every step is finished here
        refuse_faulty(artifact, faults(artifact, manifest.hashes))
        manifests[step.folder] = manifest
    page = write_report(collect(project.loaded, run, manifests), run.path)
    seal.finish(run.path, [*OWN_FILES, *(run.manifest(run.path / folder) for folder in manifests)])
    return page
