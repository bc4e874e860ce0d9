"""MET < UNKNOWN < MISSED: bounds, assumptions, and how they combine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_pra.analysis import words
from reprise_pra.analysis.results import Assumption, Outcome, Text, Verdict, worst
from reprise_pra.analysis.verdicts import exit_code, judge_at_most, under

_TEXT = Text(fr="parce que", en="because")


def _judge(
    actual: float | None, *, is_lower_bound: bool = False, objective: float = 10
) -> Verdict:
    return judge_at_most(
        name="rto",
        title=_TEXT,
        objective=objective,
        actual=actual,
        is_lower_bound=is_lower_bound,
        why=_TEXT,
    )


def _assume(*, holds: bool | None, voids: tuple[str, ...] = ()) -> Assumption:
    return Assumption(
        name="a", holds=holds, reason=Text(fr="doute", en="doubt"), voids=voids
    )


_OUTCOMES = st.sampled_from(Outcome)
_ASSUMPTIONS = st.builds(
    lambda holds, voids: _assume(holds=holds, voids=voids),
    st.sampled_from([True, False, None]),
    st.sampled_from([(), ("rto",), ("rpo",)]),
)
_VERDICTS = st.builds(
    lambda actual, bound: _judge(actual, is_lower_bound=bound),
    st.one_of(st.none(), st.floats(0, 20)),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("actual", "is_lower_bound", "expected"),
    [
        (9.999999, False, Outcome.MET),
        (10, False, Outcome.MET),
        (10.000001, False, Outcome.MISSED),
        (10, True, Outcome.UNKNOWN),
        (10.000001, True, Outcome.MISSED),
        (None, False, Outcome.UNKNOWN),
    ],
)
def test_a_duration_against_its_objective(
    actual: float | None,
    is_lower_bound: bool,  # noqa: FBT001
    expected: Outcome,
) -> None:
    """At most the objective is met; a bound below it says nothing, above it is missed."""
    assert _judge(actual, is_lower_bound=is_lower_bound).outcome is expected


def test_reasons_are_in_both_languages() -> None:
    """Each language has its own sentence, numbers written its own way."""
    reason = _judge(1234.5).reason
    assert "1\u202f234,5\u00a0s pour un objectif de 10\u00a0s, écart" in reason.fr
    assert "1,234.5\u00a0s for an objective of 10\u00a0s, gap" in reason.en
    assert "au moins 4" in _judge(4, is_lower_bound=True).reason.fr


@pytest.mark.parametrize("holds", [False, None])
def test_a_failed_assumption_turns_met_into_unknown(holds: bool | None) -> None:  # noqa: FBT001
    """What could not be checked weighs as what is false; the reason is told."""
    judged = under(_judge(1), [_assume(holds=True), _assume(holds=holds)])
    assert judged.outcome is Outcome.UNKNOWN
    assert "doute" in judged.reason.fr
    twice = under(_judge(1), [_assume(holds=holds), _assume(holds=holds)])
    assert twice == judged, "the same reason is told once"
    assert "doubt" in judged.reason.en


def test_missed_stands_unless_its_own_observation_is_void() -> None:
    """Doubt elsewhere does not excuse a miss; doubt of that observation makes it unknown."""
    assert under(_judge(99), [_assume(holds=False)]).outcome is Outcome.MISSED
    other = _assume(holds=False, voids=("rpo",))
    assert under(_judge(99), [other]).outcome is Outcome.MISSED
    own = _assume(holds=False, voids=("rto",))
    assert under(_judge(99), [own]).outcome is Outcome.UNKNOWN


@given(verdict=_VERDICTS, assumptions=st.lists(_ASSUMPTIONS))
def test_assumptions_never_make_a_verdict_met(
    verdict: Verdict, assumptions: list[Assumption]
) -> None:
    """MET stays only when every assumption holds; nothing else ever becomes MET."""
    judged = under(verdict, assumptions)
    if judged.outcome is Outcome.MET:
        assert verdict.outcome is Outcome.MET
        assert all(one.holds is True for one in assumptions)
    if verdict.outcome is Outcome.UNKNOWN:
        assert judged.outcome is Outcome.UNKNOWN


@given(st.lists(_OUTCOMES), st.lists(_OUTCOMES))
def test_the_worst_is_a_lattice(some: list[Outcome], others: list[Outcome]) -> None:
    """Worst-of is commutative, associative, idempotent, and never forgets a miss."""
    whole = worst([*some, *others])
    assert whole is worst([*others, *some])
    assert worst([whole, whole]) is whole
    if some and others:
        assert whole is worst([worst(some), worst(others)])
    assert (whole is Outcome.MISSED) == (Outcome.MISSED in [*some, *others])


def test_nothing_judged_is_unknown() -> None:
    """An empty drill proves nothing."""
    assert worst([]) is Outcome.UNKNOWN


def test_exit_codes() -> None:
    """0 met, 1 missed, 2 unknown."""
    assert [
        exit_code(one) for one in (Outcome.MET, Outcome.MISSED, Outcome.UNKNOWN)
    ] == [
        0,
        1,
        2,
    ]


@given(
    actual=st.floats(0, 1e6),
    objective=st.floats(0.001, 1e6),
    looser=st.floats(0, 1e6),
)
def test_a_looser_objective_never_turns_met_into_missed(
    actual: float, objective: float, looser: float
) -> None:
    """The verdict is monotone in the objective."""
    tight = _judge(actual, objective=objective).outcome
    loose = _judge(actual, objective=objective + looser).outcome
    assert loose <= tight


def test_a_store_has_a_name_in_both_languages() -> None:
    """A verdict names the store that lost most as people do; an unknown one as it is."""
    assert words.store_name("attachments").fr == "pièces jointes"
    assert words.store_name("ledger-of-tomorrow").fr == "ledger-of-tomorrow"
