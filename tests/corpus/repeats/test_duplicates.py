"""Which documents repeat another, and which of them stays."""

import networkx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.kernels.minhash import BANDS, MINIMA, SIGNATURE
from aurora.corpus.repeats.duplicates import HASH, Signed, exact, near


def hashes(*numbers):
    found = np.zeros(len(numbers), HASH)
    found["low"] = numbers
    return found


def signed(*kinds, shards=1):
    """Documents whose signatures agree where their kinds do; 0 is a text without tokens."""
    found = np.zeros(len(kinds), SIGNATURE)
    for row, kind in enumerate(kinds):
        if kind:
            found["bands"][row] = np.arange(1, BANDS + 1) * 1000 + kind
            found["minima"][row] = np.full(MINIMA, kind)
    return Signed(np.array_split(found, shards))


def near_of(signatures, count, rank=None, groups=None, rows=None, similarity=0.7):
    rank = np.arange(count) if rank is None else np.array(rank)
    groups = np.zeros(count, np.int32) if groups is None else np.array(groups, np.int32)
    return near(signatures, groups, rank, np.arange(count) if rows is None else np.array(rows), similarity).tolist()


def test_the_first_of_equal_texts_stays():
    again = exact(hashes(7, 5, 7, 7), np.zeros(4, np.int32), np.arange(4), np.arange(4))
    assert again.tolist() == [False, False, True, True]


def test_rank_goes_before_place():
    again = exact(hashes(7, 7), np.zeros(2, np.int32), np.array([1, 0]), np.arange(2))
    assert again.tolist() == [True, False]


def test_equal_texts_of_two_groups_both_stay():
    assert not exact(hashes(7, 7), np.array([0, 1], np.int32), np.arange(2), np.arange(2)).any()


def test_what_does_not_take_part_is_no_duplicate():
    assert exact(hashes(7, 7, 7), np.zeros(3, np.int32), np.arange(3), np.array([1, 2])).tolist() == [
        False,
        False,
        True,
    ]


def test_near_ones_give_way_to_the_best_of_their_cluster():
    assert near_of(signed(1, 2, 1, 1), 4) == [-1, -1, 0, 0]
    assert near_of(signed(1, 2, 1, 1), 4, rank=[3, 2, 0, 1]) == [2, -1, -1, 2]
    assert near_of(signed(1, 2, 1, 1), 4, rows=[1, 2, 3]) == [-1, -1, -1, 2]
    assert near_of(signed(1, 1, 1), 3, groups=[0, 1, 0]) == [-1, -1, 0]


def test_texts_without_tokens_resemble_none():
    assert near_of(signed(0, 0), 2) == [-1, -1]


def test_meeting_in_a_band_is_not_enough():
    found = signed(1, 2).parts[0]
    found["bands"][1][3] = found["bands"][0][3]
    assert near_of(Signed([found]), 2) == [-1, -1]


@given(
    st.integers(1, 30).flatmap(
        lambda count: st.tuples(
            st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=BANDS)
        )
    ),
    st.integers(1, 4),
)
@settings(deadline=None)  # the first one compiles
def test_clusters_are_the_connected_components(graph, shards):
    """Each edge makes two documents meet in a band of its own; all minima agree."""
    count, edges = graph
    found = np.zeros(count, SIGNATURE)
    found["bands"] = np.arange(1, count * BANDS + 1).reshape(count, BANDS)
    for band, (left, right) in enumerate(edges):
        found["bands"][right, band] = found["bands"][left, band]
    expected = networkx.Graph()
    expected.add_nodes_from(range(count))
    expected.add_edges_from(edges)
    lowest = {row: min(part) for part in networkx.connected_components(expected) for row in part}
    instead = near_of(Signed(np.array_split(found, shards)), count)
    assert instead == [-1 if lowest[row] == row else lowest[row] for row in range(count)]
