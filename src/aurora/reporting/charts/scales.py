"""From values to positions on a chart.

One decision: horizontal positions are percentages of the chart's width, vertical ones are pixels. A chart thus fits a
phone and a desktop while its letters and strokes keep their size, without a script.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Linear map of [low, high] to [start, end]; values outside are clamped."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The position of `value`."""
        extent = self.high - self.low
        part = (value - self.low) / extent if extent > 0 else 0.0
        return self.start + (self.end - self.start) * min(1.0, max(0.0, part))


def percent(position: float) -> str:
    """A position as an SVG percentage."""
    return f"{position:.2f}%"


def nice_step(extent: float, intervals: int) -> float:
    """A round step (1, 2, 2.5 or 5 times a power of ten) that cuts `extent` into at most about `intervals` parts."""
    if extent <= 0 or not math.isfinite(extent):
        return 1.0
    rough = extent / max(1, intervals)
    power: float = 10.0 ** math.floor(math.log10(rough))
    # 0.999, and 1e-9 below: a step of 0.1 must not fail to divide 0.3 because of rounding.
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)


def ticks(low: float, high: float, intervals: int = 4) -> list[float]:
    """Round values covering [low, high]: the first at or below `low`, the last at or above `high`."""
    step = nice_step(high - low, intervals)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def tick_label(value: float, step: float) -> str:
    """A tick's value with just the digits its step needs."""
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    if not math.isclose(step * 10**digits, round(step * 10**digits), rel_tol=1e-6):
        digits += 1
    return f"{value:.{digits}f}"
