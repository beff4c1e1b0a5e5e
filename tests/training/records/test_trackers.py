from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.training.records.trackers import Onlookers, open_trackers
from training.small_stage import Lab, assert_same


class FakeWandb:
    """As much of wandb as is called."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.finished = 0

    def init(self, **settings: Any) -> FakeWandb:
        self.started.append(settings)
        return self

    def log(self, values: dict[str, float], step: int) -> None:
        self.logged.append((step, values))

    def finish(self) -> None:
        self.finished += 1


class FakeMLflow:
    """As much of MLflow as is called; it is its own client."""

    entities = SimpleNamespace(Metric=lambda *values: values)

    def __init__(self) -> None:
        self.uri = ""
        self.runs: dict[str, str] = {}
        self.logged: list[tuple[str, float, int, int]] = []
        self.sizes: list[int] = []
        self.ended: list[str] = []
        self.MlflowClient = lambda: self

    def set_tracking_uri(self, uri: str) -> None:
        self.uri = uri

    def get_experiment_by_name(self, name: str) -> Any:
        return SimpleNamespace(experiment_id="7") if self.runs else None

    def create_experiment(self, name: str) -> str:
        return "7"

    def search_runs(self, experiments: list[str], query: str) -> list[Any]:
        return [self._run(key) for key, tag in self.runs.items() if query == f"tags.aurora = '{tag}'"]

    def create_run(self, experiment: str, run_name: str, tags: dict[str, str]) -> Any:
        self.runs[run_name] = tags["aurora"]
        return self._run(run_name)

    def log_batch(self, run: str, metrics: list[tuple[str, float, int, int]]) -> None:
        self.sizes.append(len(metrics))
        self.logged += metrics

    def set_terminated(self, run: str) -> None:
        self.ended.append(run)

    def _run(self, name: str) -> Any:
        return SimpleNamespace(info=SimpleNamespace(run_id=name))


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> tuple[FakeWandb, FakeMLflow]:
    for name in ("WANDB_PROJECT", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    wandb, mlflow = FakeWandb(), FakeMLflow()
    monkeypatch.setitem(sys.modules, "wandb", wandb)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)  # type: ignore[arg-type]
    return wandb, mlflow


def test_a_stage_is_shown_as_it_is_recorded_and_comes_out_the_same(
    tmp_path: Path, fakes: tuple[FakeWandb, FakeMLflow]
) -> None:
    lab, (wandb, mlflow) = Lab(tmp_path), fakes
    stage = lab.stage(4)
    lab.train("plain", stage)
    lab.train("shown", stage, execution=lab.execution(trackers=["wandb", "mlflow"]))
    assert_same(tmp_path / "plain", tmp_path / "shown")
    assert [step for step, _ in wandb.logged] == [1, 2, 3, 4]
    assert {"loss", "learning_rate", "utilisation"} < wandb.logged[0][1].keys()
    assert "step" not in wandb.logged[0][1]
    assert wandb.started[0]["name"] == f"{tmp_path.name}/shown"
    assert wandb.finished == 1
    losses = [(step, values["loss"]) for step, values in wandb.logged]
    assert [(step, value) for name, value, _, step in mlflow.logged if name == "loss"] == losses
    assert mlflow.uri == f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert mlflow.ended == [f"{tmp_path.name}/shown"]


def test_a_stage_that_goes_on_keeps_its_run(tmp_path: Path, fakes: tuple[FakeWandb, FakeMLflow]) -> None:
    for _ in range(2):
        open_trackers(["wandb", "mlflow"], tmp_path / "tensorboard/cap")
    open_trackers(["wandb", "mlflow"], tmp_path / "tensorboard/cat")
    assert len(fakes[1].runs) == 2
    first, second, other = (started["id"] for started in fakes[0].started)
    assert first == second != other


def test_many_figures_go_in_parts_and_what_is_no_number_stays_out(
    tmp_path: Path, fakes: tuple[FakeWandb, FakeMLflow]
) -> None:
    shown = open_trackers(["mlflow"], tmp_path / "tensorboard/cap")
    for step in range(1500):
        shown.write({"step": step, "loss": 1.0, "norm": float("nan")})
    assert not fakes[1].logged
    shown.flush()
    shown.flush()
    assert fakes[1].sizes == [1000, 500]


def test_a_tracker_that_fails_is_named_once_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    class Failing:
        def send(self, records: object) -> None:
            raise ConnectionError("no route to host")

        def close(self) -> None:
            raise AssertionError("it was left aside")

    class Fine(Failing):
        sent = 0

        def send(self, records: object) -> None:
            self.sent += 1

        def close(self) -> None:
            pass

    fine = Fine()
    shown = Onlookers({"first": Failing(), "second": fine})
    for step in (1, 2):
        shown.write({"step": step})
        shown.flush()
    shown.close()
    assert capsys.readouterr().err.count("first failed, so training goes on without it") == 1
    assert fine.sent == 2


def test_one_that_is_not_installed_or_does_not_start_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fakes: tuple[FakeWandb, FakeMLflow]
) -> None:
    def refuse(**settings: Any) -> None:
        raise RuntimeError("not logged in")

    monkeypatch.setattr(fakes[0], "init", refuse)
    with pytest.raises(UserError, match=r"wandb does not start \(not logged in\)"):
        open_trackers(["wandb"], tmp_path / "tensorboard/cap")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UserError, match=r"mlflow, which is not installed: run `pip install mlflow`"):
        open_trackers(["mlflow"], tmp_path / "tensorboard/cap")
