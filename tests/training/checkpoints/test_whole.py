from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from aurora.errors import AuroraError
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.training.checkpoints import whole
from aurora.training.checkpoints.checkpoint import clear_crash_leavings
from aurora.training.checkpoints.whole import whole_network
from aurora.training.process.job import Job

ARCHITECTURE = Architecture(layers=1, width=8, heads=2, positions=16)


def test_it_is_joined_from_boxes_and_leaves_nothing(tmp_path: Path) -> None:
    network = Network(ARCHITECTURE, 12)
    network.initialise(torch.Generator().manual_seed(1))
    boxes = {name: tensor.detach() for name, tensor in network.named.items()}
    name = next(name for name, tensor in boxes.items() if tensor.shape == (12, 8))
    rows = boxes.pop(name)
    boxes |= {f"{name}[0:5,0:8]": rows[:5].contiguous(), f"{name}[5:12,0:8]": rows[5:].contiguous()}
    joined = whole_network(tmp_path, 3, boxes, (ARCHITECTURE, 12), torch.device("cpu"), Job())
    assert joined is not None
    for key, tensor in network.named.items():
        assert torch.equal(joined.named[key], tensor), key
    assert not list(tmp_path.iterdir())


def test_what_fails_or_is_killed_leaves_nothing_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = (ARCHITECTURE, 12), torch.device("cpu"), Job()
    parts = {
        "transformer.wte.weight[0:5,0:8]": torch.zeros(5, 8),
        "transformer.wte.weight[6:12,0:8]": torch.zeros(6, 8),
    }
    with pytest.raises(AuroraError, match=r"holds only some parts of transformer\.wte\.weight"):
        whole_network(tmp_path, 3, parts, *place)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(whole, "shutil", SimpleNamespace(rmtree=lambda *arguments, **settings: None))
    with pytest.raises(AuroraError):  # as if it were killed
        whole_network(tmp_path, 3, parts, *place)
    assert list(tmp_path.iterdir())
    clear_crash_leavings(tmp_path)
    assert not list(tmp_path.iterdir())
