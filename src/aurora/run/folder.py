"""Every path of a run.

One decision: every path in a run is defined here only, so that the step that writes a file, the step that reads it, the
report and `aurora verify` cannot mean different places. Files *inside* an artifact are named by the module that writes
them.

    RUN/recipe.json                      the effective recipe
    RUN/seal.json                        what the run has, with hashes (`seal`)
    RUN/report.json, report.html         the report and its page
    RUN/.lock, .hashes.json              who works on the run; the hashes its processes know
    RUN/corpus/, corpus.work/            clean documents; what the next build of them goes on from
    RUN/redteam/                         the red-team set
    RUN/drafts/                          answers of the imported model to the set's harmless prompts
    RUN/tokens/tokenizer/, tokens/train/ the tokenizer; the token stores
    RUN/checkpoints/STAGE/               weights, optimizer and records of a stage (or of `model`, the imported one)
    RUN/evaluation/STAGE/                bits per byte and samples of a stage (or `model`, or `bigram`)
    RUN/retention/STAGE/                 what the budget of a stage counts from, where no stage measures it
    RUN/reference/STAGE/                 what a stage's start says of its preference pairs
    RUN/safety/STAGE/                    answers to held-out red-team prompts (also of `model`)
    RUN/tasks/STAGE/                     answers to tasks (also of `model`)
    RUN/tensorboard/STAGE/               events for TensorBoard
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aurora.files import below
from aurora.folders import MANIFEST

SEAL = "seal.json"
RECIPE = "recipe.json"
REPORT, PAGE = "report.json", "report.html"
LOCK = ".lock"
# Known hashes of the run's files (`aurora.hashes`).
HASHES = ".hashes.json"
# Written by the pipeline itself and not by a step: no manifest lists them, so the seal has their hashes.
OWN_FILES = (RECIPE, REPORT, PAGE)
# Not artifacts: the working files of the corpus have fingerprints of their own, and TensorBoard's events repeat
# metrics.jsonl.
CORPUS_WORK, TENSORBOARD = SCRATCH = ("corpus.work", "tensorboard")
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class RunFolder:
    """The paths of the run in the folder `path`; nothing is read or created."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The effective recipe that the run was last carried out with."""
        return self.path / RECIPE

    @property
    def seal(self) -> Path:
        """The parts of the run, with their hashes."""
        return self.path / SEAL

    @property
    def report(self) -> Path:
        """The report's data."""
        return self.path / REPORT

    @property
    def page(self) -> Path:
        """The report's page."""
        return self.path / PAGE

    @property
    def lock(self) -> Path:
        """Held by the one process that works on the run."""
        return self.path / LOCK

    @property
    def hashes(self) -> Path:
        """The cache of known hashes."""
        return self.path / HASHES

    @property
    def corpus(self) -> Path:
        """Clean, held-out, dropped and quarantined documents, with their ledger."""
        return self.path / "corpus"

    @property
    def corpus_work(self) -> Path:
        """Working files of the corpus, from which its next build goes on."""
        return self.path / CORPUS_WORK

    @property
    def redteam(self) -> Path:
        """The red-team set."""
        return self.path / "redteam"

    @property
    def drafts(self) -> Path:
        """Answers that the imported model drafted itself."""
        return self.path / "drafts"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer and the files beside it."""
        return self.path / "tokens/tokenizer"

    @property
    def stores(self) -> Path:
        """The token stores."""
        return self.path / "tokens/train"

    def checkpoint(self, name: str) -> Path:
        """The checkpoint of the stage or control called `name`; `model` is the imported model."""
        return self.path / CHECKPOINTS / name

    def evaluation(self, name: str) -> Path:
        """Figures of the checkpoint called `name`, or of `bigram`."""
        return self.path / "evaluation" / name

    def counted_from(self, name: str) -> Path:
        """What the retention budget of the stage called `name` counts from, where no stage measures it."""
        return self.path / "retention" / name

    def reference(self, name: str) -> Path:
        """What the start of the stage called `name` says of its preference pairs."""
        return self.path / "reference" / name

    def safety(self, name: str) -> Path:
        """Answers of the checkpoint called `name` to held-out red-team prompts."""
        return self.path / "safety" / name

    def tasks(self, name: str) -> Path:
        """Answers of the checkpoint called `name` to tasks."""
        return self.path / "tasks" / name

    def tensorboard(self, name: str) -> Path:
        """Events of the stage called `name`."""
        return self.path / TENSORBOARD / name

    def part(self, path: Path) -> str:
        """A path of the run as the seal and the report name it: relative, with slashes."""
        return path.relative_to(self.path).as_posix()

    def manifest(self, artifact: Path) -> str:
        """The part of the run that lists the files of an artifact."""
        return f"{self.part(artifact)}/{MANIFEST}"

    def inside(self, path: Path) -> Path:
        """A path of the run that is to be written; `UserError` where a symbolic link leads out of the run."""
        return below(self.path, self.part(path))
