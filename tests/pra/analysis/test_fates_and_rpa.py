"""Every write has one fate, and the RPA follows from them by the prefix rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_pra.analysis.backups import ScheduleAchieved
from reprise_pra.analysis.fates import Fate, Witness, witnesses_of
from reprise_pra.analysis.reading import read_timeline
from reprise_pra.analysis.results import DataLoss, TypeAccount
from reprise_pra.analysis.rpa import losses_of
from reprise_pra.analysis.testing import Script, Written, ns
from reprise_pra.history import Kind

_T0_S = 100.0
_CUT_S = 101.0


def _write(
    script: Script,
    uuid: str,
    at_s: float,
    *,
    kind: Kind | None = Kind.OK,
    clinical_type: str = "patient",
) -> Written:
    """Write at `at_s`; the answer comes 0.1 s later."""
    written = Written(uuid=uuid, clinical_type=clinical_type)
    script.operation(
        "register", "register_patient", at_s, kind=kind, latency_s=0.1, write=written
    )
    return written


def _witnesses(script: Script) -> tuple[Witness, ...]:
    script.mark("t0", _T0_S)
    timeline = read_timeline(script.history())
    return witnesses_of(timeline, t0_ns=ns(_T0_S), cut_ns=ns(_CUT_S))


def _loss(script: Script) -> DataLoss:
    achieved = ScheduleAchieved(interval_s=None, capture_s=None)
    (loss,) = losses_of(_witnesses(script), t0_ns=ns(_T0_S), achieved=achieved)
    return loss


def _account(script: Script) -> TypeAccount:
    (account,) = _loss(script).accounts
    return account


@pytest.mark.parametrize(
    ("kind", "at_s", "found", "digest", "count", "fate"),
    [
        (Kind.OK, 50, True, None, 1, Fate.SURVIVED),
        (Kind.OK, 50, True, "other", 1, Fate.ALTERED),
        (Kind.OK, 50, True, None, 2, Fate.DUPLICATED),
        (Kind.OK, 50, False, None, 1, Fate.LOST),
        (Kind.OK, 50, None, None, 1, Fate.UNREAD),
        (Kind.OK, 99.95, False, None, 1, Fate.LOST_AFTER_T0),
        (Kind.OK, 200, False, None, 1, Fate.LOST_AFTER_T0),
        (Kind.INFO, 50, True, None, 1, Fate.RECOVERED),
        (Kind.INFO, 50, False, None, 1, Fate.UNKNOWN),
        (Kind.INFO, 50, None, None, 1, Fate.UNKNOWN),
        (None, 50, True, None, 1, Fate.RECOVERED),
        (None, 50, False, None, 1, Fate.UNKNOWN),
        (Kind.FAIL, 50, True, None, 1, Fate.UNEXPECTED),
    ],
)
def test_each_write_has_one_fate(
    kind: Kind | None,
    at_s: float,
    found: bool | None,  # noqa: FBT001
    digest: str | None,
    count: int,
    fate: Fate,
) -> None:
    """The table of `fates`, row by row; each write counts in one column."""
    script = Script()
    written = _write(script, "p1", at_s, kind=kind)
    script.final_read(written, at_s=300, found=found, digest=digest, count=count)
    (witness,) = _witnesses(script)
    assert witness.fate is fate
    account = _account(script)
    columns = {
        name: getattr(account, name)
        for name in TypeAccount.__slots__
        if name not in {"clinical_type", "acknowledged", "holes"}
    }
    assert columns[fate.value] == 1
    assert sum(columns.values()) == 1
    assert account.acknowledged == (kind is Kind.OK)


def test_a_refused_write_that_is_absent_is_nothing() -> None:
    """A refusal that was kept is no fate at all."""
    script = Script()
    script.final_read(_write(script, "p1", 50, kind=Kind.FAIL), at_s=300, found=False)
    assert _witnesses(script) == ()


def test_an_object_nobody_wrote_is_unexpected() -> None:
    """What is there without ever having been attempted is told."""
    script = Script().final_read(Written(uuid="stranger"), at_s=300)
    (witness,) = _witnesses(script)
    assert witness.fate is Fate.UNEXPECTED


def test_an_acknowledged_write_nobody_read_is_unread() -> None:
    """A write the reconciler forgot is not taken for a survivor."""
    script = Script()
    _write(script, "p1", 50)
    assert _witnesses(script)[0].fate is Fate.UNREAD


def test_an_answer_stands_over_a_later_silence() -> None:
    """A read that answered is not undone by a second one that timed out."""
    script = Script()
    written = _write(script, "p1", 50)
    script.final_read(written, at_s=300).final_read(written, at_s=310, found=None)
    assert _witnesses(script)[0].fate is Fate.SURVIVED


def test_a_second_attempt_acknowledges_the_first() -> None:
    """Timed out, sent again with the same uuid, answered: acknowledged at that answer."""
    script = Script()
    written = _write(script, "p1", 50, kind=Kind.INFO)
    _write(script, "p1", 60)
    script.final_read(written, at_s=300, found=False)
    (witness,) = _witnesses(script)
    assert witness.fate is Fate.LOST
    assert witness.acknowledged_ns == ns(60.1)
    assert witness.invoked_ns == ns(50)


def test_a_timed_out_then_refused_write_is_unknown() -> None:
    """A time-out, then "exists already": no refusal, the first attempt may have done it."""
    script = Script()
    written = _write(script, "p1", 50, kind=Kind.INFO)
    _write(script, "p1", 60, kind=Kind.FAIL)
    script.final_read(written, at_s=300)
    assert _witnesses(script)[0].fate is Fate.RECOVERED


@pytest.mark.parametrize(("found", "fate"), [(True, Fate.LOST), (False, Fate.UNKNOWN)])
def test_a_read_back_that_found_it_acknowledges(
    found: bool,  # noqa: FBT001
    fate: Fate,
) -> None:
    """Told by the read-back, the user has it: its loss is a loss; "absent" tells nobody."""
    script = Script()
    written = _write(script, "p1", 50, kind=Kind.INFO)
    script.operation(
        "register",
        "read_back",
        55,
        said={"type": "patient", "uuid": "p1", "found": found},
    )
    script.final_read(written, at_s=300, found=False)
    (witness,) = _witnesses(script)
    assert witness.fate is fate
    assert witness.acknowledged_ns == (ns(55.05) if found else None)


def _sequence(ends: str, *, extra: Script | None = None) -> DataLoss:
    """Write at 10, 20, 30... s; + is found at the end, - is not, ? was not read."""
    script = extra or Script()
    for number, end in enumerate(ends, start=1):
        written = _write(script, f"p{number}", 10.0 * number)
        found = {"+": True, "-": False, "?": None}[end]
        script.final_read(written, at_s=300, found=found)
    return _loss(script)


@pytest.mark.parametrize(
    ("ends", "rpa_s", "lower_s", "is_bound"),
    [
        ("+++", 0.0, 0.0, False),
        ("++-", 79.9, 69.9, False),  # t0 - 20.1, t0 - 30.1
        ("+--", 89.9, 79.9, False),
        ("+-+", 89.9, 79.9, False),  # a hole: the prefix ends before it
        ("-++", 89.9, 89.9, True),
        ("--", 89.9, 89.9, True),
        ("+?+", None, 0.0, False),
        ("?+-", None, 69.9, False),
        ("+-?", 89.9, 79.9, False),  # what follows a loss cannot move it
    ],
)
def test_the_prefix_rule(
    ends: str,
    rpa_s: float | None,
    lower_s: float,
    is_bound: bool,  # noqa: FBT001
) -> None:
    """RPA: t0 - the newest write such that it and all acknowledged before it survive."""
    loss = _sequence(ends)
    assert loss.rpa_s == rpa_s
    assert loss.lower_bound_s == lower_s
    assert loss.rpa_is_lower_bound is is_bound


def test_a_loss_names_its_writes() -> None:
    """Lost writes are told by uuid, type, instant and whether they leave a hole."""
    loss = _sequence("+-+-")
    assert [(one.uuid, one.before_t0_s, one.is_hole) for one in loss.lost] == [
        ("p2", 79.9, True),
        ("p4", 59.9, False),
    ]


def test_a_survivor_begun_before_the_acknowledgement_makes_no_hole() -> None:
    """Two writes under way at once may be committed in either order."""
    script = Script()
    slow = Written(uuid="slow")
    script.operation("register", "register_patient", 50, latency_s=5, write=slow)
    other = _write(script, "other", 52)
    script.final_read(slow, at_s=300, found=False).final_read(other, at_s=300)
    assert not any(one.is_hole for one in _witnesses(script))


def test_new_writes_on_the_recovery_site_make_no_hole() -> None:
    """What users write after the switch survives; it says nothing of the restore."""
    script = Script()
    script.final_read(_write(script, "p1", 50), at_s=300, found=False)
    script.final_read(_write(script, "p2", 200), at_s=300)
    assert not any(one.is_hole for one in _witnesses(script))


@pytest.mark.parametrize("kind", [Kind.OK, Kind.INFO, None])
def test_a_request_held_over_the_disaster_makes_no_hole(kind: Kind | None) -> None:
    """Sent before t0, answered after the cut: the recovery site may have carried it out."""
    script = Script()
    script.final_read(_write(script, "p1", 50), at_s=300, found=False)
    held = Written(uuid="held")
    script.operation(
        "register", "register_patient", 99, kind=kind, latency_s=60, write=held
    )
    script.final_read(held, at_s=300)
    assert not any(one.is_hole for one in _witnesses(script))


def test_a_write_of_unknown_outcome_that_came_back_bears_witness() -> None:
    """A recovered write begun after a lost one's acknowledgement shows a hole."""
    script = Script()
    script.final_read(_write(script, "p1", 50), at_s=300, found=False)
    script.final_read(_write(script, "p2", 60, kind=Kind.INFO), at_s=300)
    assert [one.is_hole for one in _witnesses(script)] == [True, False]


def test_an_altered_write_does_not_survive() -> None:
    """The version a user was told of is gone: it ends the prefix."""
    script = Script()
    script.final_read(_write(script, "p0", 5), at_s=300)
    script.final_read(_write(script, "p1", 10), at_s=300, digest="other")
    assert _loss(script).rpa_s == 94.9


def test_without_writes_there_is_no_rpa() -> None:
    """Nothing acknowledged before t0: unknown, not zero."""
    script = Script()
    script.final_read(_write(script, "p1", 200), at_s=300)
    loss = _loss(script)
    assert loss.rpa_s is None
    assert loss.reason is not None
    assert "rien à mesurer" in loss.reason.fr


def test_writes_after_t0_do_not_count_in_the_rpa() -> None:
    """Acknowledged between the injection and the real cut, and lost: told apart."""
    script = Script()
    script.final_read(_write(script, "late", 100.2), at_s=300, found=False)
    script.final_read(_write(script, "new", 200), at_s=300, found=False)
    loss = _sequence("+", extra=script)
    assert loss.rpa_s == 0
    assert [(one.uuid, one.fate, one.after_switch) for one in loss.issues] == [
        ("late", "lost_after_t0", False),
        ("new", "lost_after_t0", True),
    ]


def test_stores_are_told_apart() -> None:
    """Each store has its own RPA."""
    script = Script()
    script.operation("register", "register_patient", 10, write=Written(uuid="a"))
    script.operation("audiogram", "attach", 20, write=Written(uuid="b"))
    script.change(lambda event: event.value.get("uuid") == "b", store="attachments")
    script.final_read(Written(uuid="a"), at_s=300)
    script.final_read(Written(uuid="b"), at_s=300, found=False)
    achieved = ScheduleAchieved(interval_s=60, capture_s=7)
    losses = losses_of(_witnesses(script), t0_ns=ns(_T0_S), achieved=achieved)
    assert [(one.store, one.rpa_s, one.worst_case_s) for one in losses] == [
        ("attachments", 79.95, 67),
        ("database", 0.0, 67),
    ]


@given(
    lost=st.sets(st.integers(1, 30)),
    more=st.sets(st.integers(1, 30)),
)
def test_losing_more_never_lowers_the_rpa(lost: set[int], more: set[int]) -> None:
    """The RPA and its lower bound are monotone in the set of lost writes."""

    def rpa(missing: set[int]) -> tuple[float, float]:
        script = Script()
        for number in range(1, 31):
            written = _write(script, f"p{number}", 3.0 * number)
            script.final_read(written, at_s=300, found=number not in missing)
        loss = _loss(script)
        assert loss.rpa_s is not None
        assert loss.lower_bound_s is not None
        assert loss.lower_bound_s <= loss.rpa_s
        return loss.rpa_s, loss.lower_bound_s

    fewer, greater = rpa(lost), rpa(lost | more)
    assert fewer[0] <= greater[0]
    assert fewer[1] <= greater[1]
