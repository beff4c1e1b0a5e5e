"""The training steps: the import of a published model, and every stage with its control.

One decision: a stage's step hands the trainer everything from other rooms (batches, measurements, what was read) as
callables, so training knows no recipe, no run and no room above it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.pipeline import benchmarks, evaluation, reference, retention
from aurora.pipeline.step import Project, Step
from aurora.recipe.stages.made_with import UNSTATED, MadeWith, is_fresh, made_with
from aurora.recipe.stages.stage import IMPORTED, Stage, checkpoints_of
from aurora.training.wish import AS_IT_IS, Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aurora.tokens.loader import Loader
    from aurora.tokens.replay_decisions import Decision
    from aurora.training.asking import Asking
    from aurora.training.deciding.early_end import EarlyEnd
    from aurora.training.deciding.replay import Replay
    from aurora.training.start import NewModel


class Asked:
    """The user's wish for a stage: it applies once, to the stage named or to the first with earlier work."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish  # AS_IT_IS once a stage has taken it

    def take(self, stage: Stage, has_work: bool) -> Wish:
        """The wish, if it applies to this stage; `has_work` says whether the stage has earlier work."""
        if not (has_work if self.wish.stage is None else self.wish.stage == stage.name):
            return AS_IT_IS
        wish, self.wish = self.wish, AS_IT_IS
        return wish


def step_name(stage: str) -> str:
    """The name of the step of a stage or control."""
    return f"train:{stage}"


def steps_of_base(project: Project) -> list[Step]:
    """The import of a published model, where the recipe starts from one."""
    return [_imported(project)] if project.recipe.model.path else []


def steps(project: Project, asked: Asked) -> list[Step]:
    """Every stage in order, each behind what its retention budget counts from and what its start says of its pairs, and
    followed by its control."""
    return [
        step
        for stage in checkpoints_of(project.recipe.stages).values()
        for step in (
            *retention.steps(project, stage),
            *reference.steps(project, stage),
            _StageStep(project, stage, asked).step(),
        )
    ]


def _imported(project: Project) -> Step:
    """The recipe's published model, in Aurora's layout."""
    model, extend, run = project.recipe.model, project.recipe.tokens.extend, project.run
    path = model.path
    assert path is not None

    def inputs() -> dict[str, str]:
        from aurora.model.huggingface import model_identity

        return {"model": model_identity(path, model.revision, project.base), "tokenizer": project.tokenizer()}

    def build(folder: Path) -> None:
        from aurora.model.huggingface import import_model
        from aurora.model.new_entries import NewEntries
        from aurora.tokens.text.text_facts import FILE

        import_model(
            project.fetched(path),
            model.revision,
            project.base,
            folder,
            tokenizer_file=run.tokenizer / FILE,
            new_entries=NewEntries(extend.embeddings, project.recipe.seed) if extend else None,
            positions=model.positions,
            dropout=model.dropout,
        )

    settings = model.numerics()
    if extend:
        settings |= {"embeddings": extend.embeddings, "seed": project.recipe.seed}
    return project.step("import", run.checkpoint(IMPORTED), 2, settings, inputs, build, f"read {path}")


class _StageStep:
    """The step of one stage, or of a control."""

    def __init__(self, project: Project, stage: Stage, asked: Asked) -> None:
        self._project = project
        self._recipe = project.recipe
        self._run = project.run
        self._stage = stage
        self._asked = asked
        self._fresh = is_fresh(project.recipe, stage)

    def step(self) -> Step:
        """The step as the pipeline runs it."""
        stage = self._stage
        start = "a new network" if self._fresh else stage.start
        return self._project.step(
            step_name(stage.name),
            self._run.checkpoint(stage.name),
            1,
            self._settings(),
            self._inputs,
            self._train,
            f"{stage.tokens:,} tokens in {stage.steps:,} steps from {start}",
            training=True,
        )

    def _settings(self) -> dict[str, Any]:
        # A control is a step of its own, so adding one must not rerun its stage.
        return {
            "stage": {
                key: value
                for key, value in self._stage.numerics().items()
                if key != "control" and (key, value) not in (("stop_when", None), *UNSTATED.items())
            },
            "seed": self._recipe.seed,
            **self._recipe.execution.numerics(),
            "architecture": self._recipe.model.numerics() if self._fresh else None,
            **({"answer_tokens": self._recipe.evaluation.answer_tokens} if self._stage.stop_when else {}),
            "held_out_kilobytes": self._recipe.evaluation.held_out_kilobytes if self._stage.retention else None,
        }

    def _inputs(self) -> dict[str, str]:
        from aurora.tokens.replay_decisions import DECISIONS
        from aurora.training.records.state import OPTIMIZER

        project, stage, run = self._project, self._spread(), self._run
        read = {source: project.store(source) for source in stage.sources}
        if not self._fresh:
            read["start"] = project.weights(stage.start, *([OPTIMIZER] if stage.optimizer.carry else []))
        if stage.stop_when is not None:
            from aurora.redteam.dataset import SUMMARY, WATCHED

            read |= {"watched": project.digest(run.redteam, WATCHED, SUMMARY), "tokenizer": project.tokenizer()}
            read |= project.languages()  # answers are judged by them
        if stage.retention is not None:
            read |= {"held_out": project.digest(run.corpus, "held_out/*"), "tokenizer": project.tokenizer()}
            if self._start_is_retained():
                read["base"] = project.digest(run.checkpoint(stage.start), DECISIONS)
            read |= retention.digest(project, self._stage)
        return read | reference.digest(project, self._stage)

    def _train(self, folder: Path) -> None:
        from aurora.tokens.stage_loader import stage_facts, warn
        from aurora.tokens.text.text_facts import FILE
        from aurora.training.inputs import Places, Reading, Training
        from aurora.training.stage import train_stage

        stage, run = self._spread(), self._run
        loader = self._loader()
        warn(stage, loader)
        digests = self._inputs()

        @cache
        def deciding(num_steps: int) -> MadeWith:
            others = set(stage.sources) - set(stage.until(num_steps).sources)
            read = {f"input {key}": digest for key, digest in digests.items() if key not in others}
            return made_with(self._recipe, stage, num_steps) | read

        evaluate = evaluation.during_training(self._project)
        training = Training(
            stage, self._start(), self._recipe.execution, deciding, evaluate, *self._new(), asking=self._asking()
        )
        reading = Reading(
            loader,
            self._replay(),
            self._early_end(),
            contents=lambda step: self._loader(self._decided(folder)).contents(step),
            sources=lambda num_steps: stage_facts(stage, num_steps, self._loader(self._decided(folder))),
        )
        events, finished = run.inside(run.tensorboard(stage.name)), run.checkpoint(stage.name)
        places = Places(folder, events, run.tokenizer / FILE, finished)
        train_stage(training, reading, places, self._asked.take(stage, self._has_work(folder)))

    def _spread(self) -> Stage:
        """The stage with the languages that its mixtures read."""
        from aurora.tokens.spread import spread

        return spread(self._stage, self._run.stores)

    def _loader(self, decided: Sequence[Decision] = ()) -> Loader:
        from aurora.tokens.stage_loader import stage_loader

        return stage_loader(self._stage, self._recipe.seed, self._run, decided)

    def _decided(self, folder: Path) -> Sequence[Decision]:
        """What adaptive replay has decided so far in the stage that is trained in `folder`."""
        from aurora.tokens.replay_decisions import DECISIONS, read_decisions

        return read_decisions(folder / DECISIONS).made if self._stage.retention else ()

    def _start(self) -> Path | NewModel:
        """What the stage starts from: the checkpoint of another stage, or a new network."""
        from aurora.tokens.text.text_facts import FILE, read_text
        from aurora.training.start import NewModel

        if not self._fresh:
            return self._run.checkpoint(self._stage.start)
        architecture = self._recipe.model.architecture
        assert architecture is not None
        return NewModel(architecture, read_text(self._run.tokenizer / FILE).vocabulary, self._recipe.seed)

    def _has_work(self, folder: Path) -> bool:
        """Whether there is a finished stage to resume, or work of an interrupted attempt in `folder`."""
        from aurora.training.checkpoints.checkpoint import step_folders
        from aurora.training.records.state import STATE

        finished = self._run.checkpoint(self._stage.name)
        return finished.exists() or bool(step_folders(folder)) or (folder / STATE).exists()

    def _new(self) -> tuple[int | None, int]:
        """Where new entries begin, and the seed of what is new."""
        return self._first_new_entry(), self._recipe.seed

    def _first_new_entry(self) -> int | None:
        """The first of the entries that the recipe adds to a published tokenizer, if any."""
        if self._recipe.tokens.extend is None:
            return None
        from aurora.tokens.text.building import first_new_entry

        return first_new_entry(self._run.tokenizer)

    def _replay(self) -> Replay | None:
        """Adaptive replay, where the stage has it."""
        if self._stage.retention is None:
            return None
        from aurora.tokens.replay_decisions import decisions_of
        from aurora.training.deciding.replay import Replay

        earlier = decisions_of(self._run, self._stage.start) if self._start_is_retained() else None
        measure = evaluation.of_sources(self._project, self._stage.sources)
        base = {**(earlier.base if earlier else {}), **retention.counted_from(self._project, self._stage)}
        return Replay(self._stage, self._loader, measure, base)

    def _early_end(self) -> EarlyEnd | None:
        """The end of the stage by its refusals, where it has a goal."""
        if self._stage.stop_when is None:
            return None
        from aurora.training.deciding.early_end import EarlyEnd

        return EarlyEnd(self._stage, evaluation.of_watched_prompts(self._project, self._stage.stop_when.prompts))

    def _asking(self) -> Asking | None:
        """What the stage is asked while it is trained, if anything."""
        questions = benchmarks.during_training(self._project, self._stage)
        if questions is None:
            return None
        from aurora.training.asking import Asking

        return Asking(self._stage, questions)

    def _start_is_retained(self) -> bool:
        """Whether the stage that this one starts from has a `retention` table."""
        start = self._recipe.stages.get(self._stage.start)
        return start is not None and start.retention is not None
