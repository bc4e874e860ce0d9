"""The stretches of the recovery sum to it, whatever marks are missing or disordered."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_pra.analysis.marks import between_s, buckets, disordered

_S = 1_000_000_000
_WHOLE = {"t0": 0, "t1": 8, "t2": 9, "t3": 20, "t4": 21, "t5": 40, "t6": 60}


def _cut(
    marks_s: dict[str, int], end_s: int = 66
) -> list[tuple[tuple[str, ...], float]]:
    marks_ns = {name: at_s * _S for name, at_s in marks_s.items()}
    found = buckets(marks_ns, end_ns=end_s * _S, end_mark="t7")
    return [(one.names, one.seconds) for one in found]


def test_all_marks_give_all_stretches() -> None:
    """Detection, decision, preparation, restore (t4 inside), start-up, switch."""
    assert _cut(_WHOLE) == [
        (("detection",), 8),
        (("decision",), 1),
        (("preparation",), 11),
        (("restore",), 20),
        (("start_up",), 20),
        (("switch",), 6),
    ]


@pytest.mark.parametrize(
    ("missing", "merged"),
    [
        ("t1", (("detection", "decision"), 9)),
        ("t3", (("preparation", "restore"), 31)),
        ("t6", (("start_up", "switch"), 26)),
    ],
)
def test_a_missing_mark_merges_two_stretches(
    missing: str, merged: tuple[tuple[str, ...], float]
) -> None:
    """The time is kept, only its name is shared."""
    marks = {name: at_s for name, at_s in _WHOLE.items() if name != missing}
    found = _cut(marks)
    assert merged in found
    assert len(found) == 5
    assert sum(seconds for _, seconds in found) == 66


def test_t4_is_no_boundary() -> None:
    """The restore runs from t3 to t5; t4 lies inside."""
    assert _cut({**_WHOLE, "t4": 39}) == _cut(_WHOLE)


def test_no_disaster_no_stretch() -> None:
    """Without t0 or an end there is nothing to cut."""
    assert _cut({"t1": 5}) == []
    assert buckets({"t0": 0}, end_ns=None, end_mark="t7") == ()


@given(
    marks_us=st.dictionaries(
        st.sampled_from([f"t{n}" for n in range(1, 7)]), st.integers(-(10**9), 10**10)
    ),
    length_us=st.integers(0, 10**10),
)
def test_stretches_sum_exactly(marks_us: dict[str, int], length_us: int) -> None:
    """Whatever marks came, in whatever order: never negative, and the sum is the RTA."""
    marks_ns = {name: at_us * 1000 for name, at_us in marks_us.items()} | {"t0": 0}
    found = buckets(marks_ns, end_ns=length_us * 1000, end_mark="t7")
    assert all(one.seconds >= 0 for one in found)
    assert round(sum(one.seconds for one in found), 6) == round(length_us / 1e6, 6)
    names = [name for one in found for name in one.names]
    assert names == [
        "detection",
        "decision",
        "preparation",
        "restore",
        "start_up",
        "switch",
    ]
    assert found[0].start_mark == "t0"
    assert found[-1].end_mark == "t7"
    for earlier, later in itertools.pairwise(found):
        assert earlier.end_mark == later.start_mark


def test_disorder_is_named() -> None:
    """Two successive marks whose instants contradict their order are told."""
    assert disordered({"t0": 0, "t2": 5, "t1": 6}) == (("t1", "t2"),)
    assert disordered({"t0": 0, "t8": 5}) == ()


def test_durations_between_marks() -> None:
    """A duration needs both its marks."""
    assert between_s(1 * _S, 3 * _S) == 2
    assert between_s(None, 3 * _S) is None
