"""Rotary positions (Su et al., arXiv 2104.09864): query and key rotated by angles that grow with the position.

One decision: element i of a head is rotated with element i + D / 2, as in the hub's checkpoints (the paper pairs
neighbours); angles are computed in fp32, once for a whole forward pass, whatever the type of the network.

Shapes: B sequences, T tokens, H heads, D the width of a head.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from aurora.recipe.model import LinearScaling, Llama3Scaling, Rotary, YarnScaling

Turns = tuple[Tensor, Tensor]  # cosines and sines, each [T, 1, D / 2] or [B, T, 1, D / 2]


def turns_at(positions: Tensor, rotary: Rotary, head_width: int, dtype: torch.dtype) -> Turns:
    """The rotations at `positions`, [T] or [B, T], as `dtype`, in which attention computes."""
    angles = positions[..., None, None].float() * frequencies(rotary, head_width).to(positions.device)
    amplitude = rotary.scaling.amplitude if isinstance(rotary.scaling, YarnScaling) else 1.0
    return (angles.cos() * amplitude).to(dtype), (angles.sin() * amplitude).to(dtype)


def turned(heads: Tensor, turns: Turns) -> Tensor:
    """`heads` [B, T, H, D], rotated."""
    cosines, sines = turns
    first, second = heads.chunk(2, -1)
    return torch.cat((first * cosines - second * sines, second * cosines + first * sines), -1)


@lru_cache(maxsize=16)  # asked for by every forward pass; a network has one or two
def frequencies(rotary: Rotary, head_width: int) -> Tensor:
    """Radians per position for each pair of a head's elements, fp32 [D / 2] on the CPU."""
    with torch.device("cpu"):  # also where a network is being built on the meta device
        plain = 1.0 / rotary.base ** (torch.arange(0, head_width, 2).float() / head_width)
        match rotary.scaling:
            case None:
                return plain
            case LinearScaling(factor=factor):
                return plain / factor
            case Llama3Scaling() as scaling:
                return _llama3(plain, scaling)
            case YarnScaling() as scaling:
                return _yarn(plain, rotary.base, scaling)


def _llama3(plain: Tensor, scaling: Llama3Scaling) -> Tensor:
    """Llama 3's scaling: long waves slowed by the factor, short ones unchanged, interpolated between."""
    waves = 2 * math.pi / plain
    share = (scaling.positions / waves - scaling.low) / (scaling.high - scaling.low)
    between = (1 - share) * plain / scaling.factor + share * plain
    slow = torch.where(waves > scaling.positions / scaling.low, plain / scaling.factor, between)
    return torch.where(waves < scaling.positions / scaling.high, plain, slow)


def _yarn(plain: Tensor, base: float, scaling: YarnScaling) -> Tensor:
    """YaRN (Peng et al., arXiv 2309.00071): slow waves slowed by the factor, fast ones unchanged, a line between."""
    pairs = len(plain)

    def pair_of(turns: float) -> float:
        return 2 * pairs * math.log(scaling.positions / (turns * 2 * math.pi)) / (2 * math.log(base))

    first, last = max(math.floor(pair_of(scaling.fast)), 0), min(math.ceil(pair_of(scaling.slow)), 2 * pairs - 1)
    # 0.001 as in the paper's code: with both borders at one pair, the line becomes a step, not a division by 0.
    share = ((torch.arange(pairs).float() - first) / (max(last - first, 0.001))).clamp(0, 1)
    return plain / scaling.factor * share + plain * (1 - share)
