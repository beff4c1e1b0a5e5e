"""torch.compile for the blocks of a network, as an option.

One decision: only passes with gradients are compiled, each shape separately. Evaluation meets every length and would
never stop compiling; and a shape's code does not depend on earlier shapes, so a resumed stage computes the same
numbers.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from functools import wraps
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from aurora.errors import UserError
from aurora.files import default_cache
from aurora.model.network import Block
from aurora.model.untraced import hide_untraced

# Shapes of micro-batches that a stage may have. After torch's own limit of 8, blocks silently run uncompiled.
MOST_SHAPES = 64


def compile_blocks(blocks: Iterable[Block], device: torch.device) -> None:
    """Compile the forward and backward passes of `blocks` at their first use. `UserError` without a compiler."""
    refuse_without_compiler(device)
    # In Aurora's cache: torch's default is a folder in /tmp, which a restart of the machine clears.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(default_cache() / "compiled"))
    torch._dynamo.config.recompile_limit = MOST_SHAPES
    hide_untraced()
    for block in blocks:
        _compile(block)


def refuse_without_compiler(device: torch.device) -> None:
    """`UserError` where torch.compile has no compiler to call."""
    if device.type == "cuda" and find_spec("triton") is None:
        raise UserError("execution.compile needs triton: install the one for your torch, or leave out this key.")
    named = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++", "c++"]
    if device.type == "cpu" and not any(map(shutil.which, named)):
        raise UserError(
            f"execution.compile needs a C++ compiler ({', '.join(named)}): install one, or leave out this key."
        )


def _compile(block: Block) -> None:
    plain = block.forward
    compiled = torch.compile(plain, dynamic=False)

    @wraps(plain)
    def forward(*arguments: Any, **named: Any) -> Tensor:
        mixed: Tensor = (compiled if torch.is_grad_enabled() else plain)(*arguments, **named)
        return mixed

    # Not the module's __call__: the hooks of data parallelism run there and must stay outside of the compiled code.
    block.forward = forward  # type: ignore[method-assign]
