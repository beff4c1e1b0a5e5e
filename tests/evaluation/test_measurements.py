"""What is measured on a checkpoint: every language of every domain once, by whatever scores."""

from __future__ import annotations

import numpy as np

from aurora.evaluation.bits_per_byte import Windows
from aurora.evaluation.held_out import HeldOutText
from aurora.evaluation.measurements import MeasuringText
from byte_text import of_bytes

EXCERPTS = {
    "held_out": [HeldOutText("en", "held_out", ["abc", "de"]), HeldOutText("fi", "held_out", ["yö"])],
    "other_domain": [HeldOutText("en", "other_domain", ["xyz"])],
}


def test_every_language_of_every_domain_is_scored_with_what_it_was_measured_on() -> None:
    seen: list[int] = []

    def bits_of(windows: Windows) -> np.ndarray:
        seen.append(windows.num_bytes)
        return windows.mask.sum(1) * (windows.num_bytes / 3)

    found = MeasuringText(EXCERPTS, of_bytes(), 2).scores(bits_of, "test")
    assert found == {
        "held_out": {
            "en": {"bits_per_byte": 1.666667, "bytes": 5, "documents": 2, "bits": [5.0, 3.333]},
            "fi": {"bits_per_byte": 1.0, "bytes": 3, "documents": 1, "bits": [3.0]},
        },
        "other_domain": {"en": {"bits_per_byte": 1.0, "bytes": 3, "documents": 1, "bits": [3.0]}},
    }
    assert seen == [5, 3, 3]
