from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from aurora.model.weights import write_weights
from aurora.recipe.stages.stage import Optimizer as Settings
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.optimizer import Optimizer, Weights, gradient_norm


def small_network(seed: int = 0, width: int = 8) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.Linear(width, 4))


def matrices(model: nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.ndim >= 2}


def set_gradients(model: nn.Module, seed: int, scale: float = 1.0) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator) * scale


def update(optimizer: Optimizer, rate: float = 1e-2) -> float:
    norm = gradient_norm(optimizer.parameters)
    optimizer.update(rate, norm)
    return norm


def adamw_by_hand(weight: Tensor, gradients: list[Tensor], rate: float, settings: Settings, decay: float) -> Tensor:
    """Loshchilov and Hutter's algorithm 2, in double precision."""
    weight = weight.double()
    first, second = torch.zeros_like(weight), torch.zeros_like(weight)
    for step, gradient in enumerate(gradients, 1):
        first = settings.beta1 * first + (1 - settings.beta1) * gradient.double()
        second = settings.beta2 * second + (1 - settings.beta2) * gradient.double() ** 2
        mean, spread = first / (1 - settings.beta1**step), second / (1 - settings.beta2**step)
        weight = weight - rate * (mean / (spread.sqrt() + settings.epsilon) + decay * weight)
    return weight


def test_updates_are_adamw_with_decay_on_matrices_only_and_clipping_by_the_global_norm() -> None:
    settings = Settings(weight_decay=0.3, clip=0.5)
    model = small_network()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer = Optimizer(dict(model.named_parameters()), matrices(model), settings)
    clipped: dict[str, list[Tensor]] = {name: [] for name in before}
    for step in range(4):
        set_gradients(model, step)
        norm = torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).norm().item()
        for name, parameter in model.named_parameters():
            clipped[name].append(parameter.grad * (0.5 / norm))
        assert update(optimizer) == pytest.approx(norm, rel=1e-5)
    for name, parameter in model.named_parameters():
        decay = 0.3 if parameter.ndim >= 2 else 0.0
        expected = adamw_by_hand(before[name], clipped[name], 1e-2, settings, decay)
        torch.testing.assert_close(parameter.double(), expected, rtol=1e-4, atol=1e-6)
        assert parameter.grad is None


@pytest.mark.parametrize("factor", [0.0, 0.25, 3.0])
def test_new_rows_have_a_learning_rate_of_their_own(factor: float) -> None:
    """Rows of plain AdamW at the rate, and of one at `factor` times the rate, side by side."""
    moved = {}
    for name, settings, rate in [
        ("mixed", Settings(new_rows=factor, weight_decay=0.3), 1e-2),
        ("old", Settings(weight_decay=0.3), 1e-2),
        ("new", Settings(weight_decay=0.3), factor * 1e-2),
    ]:
        model = small_network()
        optimizer = Optimizer(dict(model.named_parameters()), matrices(model), settings, [model[0].weight.detach()[5:]])
        for step in range(3):
            set_gradients(model, step)
            update(optimizer, rate)
        moved[name] = {key: parameter.detach() for key, parameter in model.named_parameters()}
    assert torch.equal(moved["mixed"]["0.weight"][:5], moved["old"]["0.weight"][:5])
    torch.testing.assert_close(moved["mixed"]["0.weight"][5:], moved["new"]["0.weight"][5:], rtol=1e-5, atol=1e-7)
    assert all(torch.equal(moved["mixed"][key], moved["old"][key]) for key in moved["old"] if key != "0.weight")


def test_small_gradients_are_not_clipped() -> None:
    model = small_network()
    optimizer = Optimizer(dict(model.named_parameters()), matrices(model), Settings(clip=1.0))
    set_gradients(model, 0, scale=1e-3)
    gradient = model[0].weight.grad.clone()
    update(optimizer)
    torch.testing.assert_close(optimizer.state()["exp_avg.0.weight"], 0.1 * gradient)


def stored(optimizer: Optimizer, folder: Path) -> Stored:
    write_weights(folder / "optimizer.safetensors", optimizer.state())
    return Stored([folder / "optimizer.safetensors"])


def copy(stored: Stored, tensors: Mapping[str, Tensor], kinds: Sequence[str]) -> None:
    for name, tensor in tensors.items():
        assert name.startswith(tuple(kinds))
        stored.copy(name, tensor)


def test_state_goes_out_and_in_without_losing_a_bit(tmp_path: Path) -> None:
    model, other = small_network(), small_network()
    optimizer, restored = (
        Optimizer(dict(network.named_parameters()), matrices(network), Settings()) for network in (model, other)
    )
    for step in range(3):
        set_gradients(model, step)
        update(optimizer)
    other.load_state_dict(model.state_dict())
    restored.load(stored(optimizer, tmp_path), copy)
    for network, its in ((model, optimizer), (other, restored)):
        set_gradients(network, 9)
        update(its)
    assert all(torch.equal(left, right) for left, right in zip(model.parameters(), other.parameters(), strict=True))
    assert optimizer.state()["updates"].item() == 4
    assert optimizer.state().keys() == restored.state().keys()


def test_going_back_writes_into_the_moments_that_are_there_and_leaves_the_file_alone(tmp_path: Path) -> None:
    model = small_network()
    optimizer = Optimizer(dict(model.named_parameters()), matrices(model), Settings())
    set_gradients(model, 0)
    update(optimizer)
    kept = {name: tensor.clone() for name, tensor in optimizer.state().items()}
    earlier = stored(optimizer, tmp_path)
    places = {name: tensor.data_ptr() for name, tensor in optimizer.state().items() if name != "updates"}
    for seed in (1, 2):
        set_gradients(model, seed)
        update(optimizer)
    optimizer.load(earlier, copy)
    assert all(torch.equal(tensor, kept[name]) for name, tensor in optimizer.state().items())
    assert all(optimizer.state()[name].data_ptr() == place for name, place in places.items())
    set_gradients(model, 3)
    update(optimizer)
    assert all(torch.equal(earlier[name], kept[name]) for name in kept)


def test_going_back_before_the_first_update_forgets_all(tmp_path: Path) -> None:
    model = small_network()
    optimizer = Optimizer(dict(model.named_parameters()), matrices(model), Settings())
    fresh = stored(optimizer, tmp_path)
    set_gradients(model, 0)
    update(optimizer)
    optimizer.load(fresh, copy)
    assert set(optimizer.state()) == {"updates"}


def test_in_bf16_gradients_gather_in_fp32_and_the_working_copy_follows_the_masters() -> None:
    model = small_network()
    weights = Weights(model, "bf16")
    inputs = [torch.randn(3, 8, generator=torch.Generator().manual_seed(seed)).bfloat16() for seed in range(2)]
    for rows in inputs:
        weights.working(rows).float().square().sum().backward()
    assert all(parameter.grad is None for parameter in weights.working.parameters())
    expected = []
    for rows in inputs:
        plain = small_network().to(torch.bfloat16)
        plain(rows).float().square().sum().backward()
        expected.append([parameter.grad.float() for parameter in plain.parameters()])
    for master, first, second in zip(model.parameters(), *expected, strict=True):
        assert master.dtype == torch.float32
        assert torch.equal(master.grad, first + second)

    optimizer = Optimizer(dict(model.named_parameters()), matrices(model), Settings())
    update(optimizer, rate=1e-4)
    weights.refresh()
    for master, working in zip(model.parameters(), weights.working.parameters(), strict=True):
        assert torch.equal(working, master.bfloat16())


def test_updates_too_small_for_bf16_add_up_in_the_masters() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    weights = Weights(model, "bf16")
    optimizer = Optimizer(dict(model.named_parameters()), matrices(model), Settings(weight_decay=0))
    for _ in range(40):
        weights.working(torch.ones(1, 1, dtype=torch.bfloat16)).sum().backward()
        update(optimizer, rate=2e-4)
        weights.refresh()
    assert weights.working.weight.item() < 0.995  # 1 - 2e-4 is 1 in bf16


def test_in_fp32_there_is_one_network() -> None:
    weights = Weights(small_network(), "fp32")
    assert weights.working is weights.master
