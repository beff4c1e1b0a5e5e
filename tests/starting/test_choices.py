from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aurora.starting.choices import BYTES_PER_TOKEN, PASSES, choose


def test_a_first_run_is_small_and_smaller_where_there_is_little_text() -> None:
    new, imported = (choose(1e9, None, imported=base, replayed=2) for base in (False, True))
    assert (new.tokens, new.steps, new.own, new.replay) == (598_016, 292, 50, 25)
    assert (imported.tokens, imported.sequence_length, imported.own, imported.replay) == (196_608, 512, 70, 15)
    assert choose(100_000, None, imported=True, replayed=2).tokens == 34 * 4096
    assert choose(1, None, imported=True, replayed=2).steps == 8


def test_a_short_base_has_short_sequences() -> None:
    assert choose(1e9, 128, imported=True, replayed=2).sequence_length == 128
    assert choose(1e9, 8192, imported=True, replayed=2).sequence_length == 512


@given(st.floats(1, 1e12), st.none() | st.integers(2, 9999), st.booleans(), st.integers(1, 2))
def test_every_choice_can_be_a_recipe(size: float, positions: int | None, imported: bool, replayed: int) -> None:
    found = choose(size, positions, imported=imported, replayed=replayed)
    assert found.batch_tokens % found.sequence_length == 0
    assert found.tokens % found.batch_tokens == 0
    assert 0.02 <= found.held_out_share <= 0.2
    assert 0.05 <= found.replay / 100 <= 0.5
    assert found.own + replayed * found.replay <= 100
    assert 1 < found.every_steps <= found.steps
    passes = found.tokens * found.own / 100 / (size / BYTES_PER_TOKEN)
    assert passes <= PASSES or found.steps == 8
