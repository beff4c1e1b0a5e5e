"""The learning rate of a stage as a function of its step.

One decision: the rate depends on the step and the stage's length alone, so a resumed stage needs no scheduler state and
a stage that starts from another one re-warms by its own settings (Ibrahim et al., arXiv 2403.08763).
"""

from __future__ import annotations

import math

from aurora.recipe.stages import Schedule


def learning_rate(schedule: Schedule, step: int, steps: int) -> float:
    """The rate of update `step` (from 0) of a stage of `steps` updates.

    The rate rises in equal parts from `start` (before the first update) to `peak` (the last update of the warm-up, or
    the first update where there is none), then falls along half a cosine to `end` at the last update, or stays. With
    warmup-stable-decay it stays and falls to `end` in its last part by 1 - sqrt (Hägele et al., arXiv 2405.18392), so
    that a longer stage has the same rates until its own decay begins.
    """
    if not 0 <= step < steps:
        raise ValueError(f"step {step} is not in a stage of {steps} steps")
    warmup = round(schedule.warmup * steps)
    if step < warmup:
        return schedule.start + (schedule.peak - schedule.start) * (step + 1) / warmup
    top = max(warmup - 1, 0)
    last = steps - 1
    if schedule.shape == "constant" or last == top:
        return schedule.peak
    if schedule.decay is not None:
        top = max(top, last - max(1, round(schedule.decay * steps)))
        if step <= top:
            return schedule.peak
        return schedule.end + (schedule.peak - schedule.end) * (1 - math.sqrt((step - top) / (last - top)))
    progress = (step - top) / (last - top)
    return schedule.end + (schedule.peak - schedule.end) * 0.5 * (1 + math.cos(math.pi * progress))
