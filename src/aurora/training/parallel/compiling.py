"""torch.compile for the blocks of a network, as an option.

One decision: only passes with gradients are compiled, each shape for itself. Measuring meets every length and would
compile for ever; and a shape's code does not depend on those met before, so a stage that goes on after an interruption
computes what it would have.
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

MOST_SHAPES = 64  # of micro-batches in a stage; behind torch's own limit of 8 blocks would silently not be compiled


def compile_blocks(blocks: Iterable[Block], device: torch.device) -> None:
    """Compile the forward and backward passes of `blocks` at their first use. `UserError` without a compiler."""
    refuse_without_compiler(device)
    # Beside the other things that Aurora keeps: the default is a folder in /tmp, lost with the next start.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(default_cache() / "compiled"))
    torch._dynamo.config.recompile_limit = MOST_SHAPES
    hide_untraced()
    for block in blocks:
        _compile(block)


def refuse_without_compiler(device: torch.device) -> None:
    """`UserError` where torch.compile would find nothing to compile with."""
    if device.type == "cuda" and find_spec("triton") is None:
        raise UserError("execution.compile needs triton: install it beside torch, or leave out this key.")
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

    # The module's call, and with it the hooks of data parallelism, stay outside of what is compiled.
    block.forward = forward  # type: ignore[method-assign]
