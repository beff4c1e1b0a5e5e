"""The learning rate of a stage as a function of its step.

One decision: the rate depends only on the step and the stage's length, so a resumed stage needs no scheduler state and
a stage that starts from another one re-warms by its own settings (Ibrahim et al., arXiv 2403.08763).
"""

from __future__ import annotations

import math

from aurora.recipe.stages.schedule import Course


def learning_rate(course: Course, step: int) -> float:
    """The rate of update `step` (from 0) of a stage.

    The rate rises linearly from `start` (before the first update) to `peak` (the last update of the warm-up, or the
    first update without one), then falls along half a cosine to `end` at the last update. With warmup-stable-decay it
    stays at `peak` and falls to `end` in its last part as 1 - sqrt(progress) (Hägele et al., arXiv 2405.18392), so that
    a longer stage has the same rates until its own decay begins.
    """
    schedule, last, top = course.schedule, course.steps - 1, course.top
    if not 0 <= step <= last:
        raise ValueError(f"step {step} is not in a stage of {course.steps} steps")
    if step < course.warmup:
        return schedule.start + (schedule.peak - schedule.start) * (step + 1) / course.warmup
    if step <= top and (course.decay or top == last):
        return schedule.peak
    progress = (step - top) / (last - top)
    if course.decay:
        return schedule.end + (schedule.peak - schedule.end) * (1 - math.sqrt(progress))
    return schedule.end + (schedule.peak - schedule.end) * 0.5 * (1 + math.cos(math.pi * progress))
