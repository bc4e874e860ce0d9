"""What the report says, before it has a form."""

from __future__ import annotations

import dataclasses
import re

import pytest

from reprise_pra.analysis.results import LostWrite, Outcome, Results
from reprise_reports.compose import compose
from reprise_reports.document import Document, Table, Tone
from reprise_reports.headline import headline
from reprise_reports.manifest import Digest
from reprise_reports.voice import Language


def words(document: Document) -> str:
    """Return all the text of a document."""
    return re.sub(r"[\u00a0\u202f]", " ", repr(document)).replace(r"\xa0", " ")


def tables(document: Document, key: str) -> list[Table]:
    """Return the tables of a section."""
    return [
        block
        for section in document.sections
        if section.key == key
        for block in section.blocks
        if isinstance(block, Table)
    ]


def test_the_verdict_is_on_the_cover(
    met: Results, missed: Results, inconclusive: Results
) -> None:
    """Each outcome has its stamp in both languages, and its tone."""
    stamps = [
        (compose(results, Language.FR).stamp, compose(results, Language.EN).stamp)
        for results in (met, missed, inconclusive)
    ]
    assert [(fr.text, en.text, fr.tone) for fr, en in stamps] == [
        ("CONFORME", "COMPLIANT", Tone.GOOD),
        ("NON CONFORME", "NOT COMPLIANT", Tone.BAD),
        ("NON CONCLUANT", "INCONCLUSIVE", Tone.DOUBT),
    ]


def test_an_embedded_run_says_so(met: Results) -> None:
    """An embedded run is capped: banner and stamp say it was shown on a model site."""
    french = compose(met, Language.FR)
    assert french.banner.startswith("Démontré sur maquette")
    assert "démontré sur maquette" in french.stamp.sentence
    site = dataclasses.replace(met.provenance, provider="remote")
    real = compose(dataclasses.replace(met, provenance=site), Language.FR)
    assert not real.banner
    assert "maquette" not in real.stamp.sentence


def test_the_tool_never_signs(met: Results) -> None:
    """The acceptance record is empty but for the functions, and called a draft."""
    (signatures,) = tables(compose(met, Language.FR), "acceptance")
    assert len(signatures.rows) == 7
    assert all(not cell.text for row in signatures.rows for cell in row[1:])
    assert "Projet" in compose(met, Language.FR).status


@pytest.mark.parametrize("name", ["met", "missed", "inconclusive", "aborted"])
def test_french_speaks_french(name: str, request: pytest.FixtureRequest) -> None:
    """The French report has none of the English words it has a word for."""
    document = compose(request.getfixturevalue(name), Language.FR)
    shown = words(dataclasses.replace(document, sections=()))
    for section in document.sections:
        shown += section.title + " ".join(
            words_of for block in section.blocks for words_of in _texts(block)
        )
    found = re.findall(r"\b(disaster|recovery|restore|drill|backup|outage)s?\b", shown)
    assert not found


def _texts(block: object) -> list[str]:
    if isinstance(block, Table):
        heads = [column.title for column in block.columns]
        return [block.caption, *heads, *(c.text for row in block.rows for c in row)]
    return [str(getattr(block, "text", "")), *map(str, getattr(block, "items", ()))]


def test_both_languages_have_the_same_shape(met: Results) -> None:
    """Sections, figures and rows are the same in both languages."""
    french, english = (compose(met, language) for language in Language)
    assert [s.key for s in french.sections] == [s.key for s in english.sections]
    assert french.figures() == english.figures() == ("waterfall", "writes", "load")
    for section in french.sections:
        rows = [len(table.rows) for table in tables(french, section.key)]
        assert rows == [len(table.rows) for table in tables(english, section.key)]


def test_the_same_numbers_everywhere(missed: Results) -> None:
    """The RTA reads alike in the synthesis, the verdicts, the steps' total, the journeys."""
    document = compose(missed, Language.EN)
    said = "3 min 6 s"
    assert document.summary.cards[0].value.replace("\u00a0", " ") == said
    assert said in document.summary.messages[0].replace("\u00a0", " ")
    cells = [
        cell.text.replace("\u00a0", " ")
        for key in ("objectives", "recovery")
        for table in tables(document, key)
        for row in table.rows
        for cell in row
    ]
    assert cells.count(said) == 3


def test_the_steps_sum_to_the_recovery_time(met: Results) -> None:
    """The exact durations printed for the steps add up to the total printed."""
    steps = tables(compose(met, Language.EN), "recovery")[0]
    exact = [
        float((row[2].note or row[2].text).replace("\u00a0s", "")) for row in steps.rows
    ]
    assert sum(exact[:-1]) == pytest.approx(exact[-1], abs=0.0015)


def test_losses_count_writes_before_the_disaster(met: Results) -> None:
    """Only what was acknowledged before the disaster is what the disaster can lose."""
    clock = headline(met).clock
    assert clock.t0_s is not None
    before = [w for w in met.writes if w.acknowledged_s < clock.t0_s]
    assert headline(met).acknowledged == len(before) < len(met.writes)


def test_a_long_list_of_losses_is_cut_and_counted(met: Results) -> None:
    """Thousands of lost writes print thirty, with the count and where the rest is."""
    lost = tuple(
        LostWrite(
            clinical_type="patient",
            uuid=f"u-{index}",
            acknowledged_utc="2026-09-14T08:08:00Z",
            before_t0_s=float(index),
            is_hole=False,
        )
        for index in range(5000)
    )
    loss = dataclasses.replace(met.losses[0], lost=lost)
    document = compose(dataclasses.replace(met, losses=(loss,)), Language.EN)
    table = tables(document, "losses")[-1]
    assert len(table.rows) == 30
    assert "5,000" in table.caption
    assert "4,970 more" in table.remainder
    assert "writes-to-review.csv" in table.remainder


def test_a_long_chronology_keeps_its_ends(met: Results) -> None:
    """A long chronology prints its start and its end, and says how much is between."""
    long = met.chronology[:1] * 999 + met.chronology[-1:]
    document = compose(dataclasses.replace(met, chronology=long), Language.EN)
    (log,) = tables(document, "log")
    assert len(log.rows) == 151
    assert log.rows[-1][-1].text == "Site cleaned."
    assert "850 of 1,000" in log.remainder


def test_what_was_not_measured_says_why(aborted: Results) -> None:
    """An aborted drill prints "not measured" with the reason, and no zero duration."""
    document = compose(aborted, Language.EN)
    assert {card.value for card in document.summary.cards} == {"not measured"}
    assert document.summary.cards[0].detail == "no disaster (t0)"
    sections = [s for s in document.sections if s.key not in {"log", "phases"}]
    said = words(dataclasses.replace(document, sections=tuple(sections)))
    assert "'0 s'" not in said
    assert "no disaster (t0)" in document.summary.messages[0]


def test_a_lower_bound_is_never_said_to_be_the_value(met: Results) -> None:
    """A service not back by the end has "more than" before its time."""
    verdict = dataclasses.replace(
        met.verdicts[0], is_lower_bound=True, outcome=Outcome.UNKNOWN
    )
    document = compose(
        dataclasses.replace(
            met,
            outcome=Outcome.UNKNOWN,
            verdicts=(verdict, *met.verdicts[1:]),
            rta_is_lower_bound=True,
        ),
        Language.EN,
    )
    assert document.summary.cards[0].value.startswith(">")
    assert "was not back" in document.summary.messages[0]
    total = tables(document, "recovery")[0].rows[-1]
    assert total[2].text.startswith(">")


def test_findings_follow_the_verdicts(missed: Results, inconclusive: Results) -> None:
    """A missed objective is a deviation, a false assumption a reservation.

    Lost writes and what the analysis observed beside are there to look at.
    """
    (found,) = tables(compose(missed, Language.EN), "findings")
    natures = [row[1].text for row in found.rows]
    assert natures == ["Deviation", "Observation", "Observation"]
    assert found.rows[-1][2].text.startswith("Audiogram outside its objectives")
    (found,) = tables(compose(inconclusive, Language.EN), "findings")
    natures = [row[1].text for row in found.rows]
    assert natures == ["Reservation", "Reservation", "Observation", "Observation"]


def test_an_impact_without_an_end_is_a_lower_bound(met: Results) -> None:
    """A fault whose outage had no end says at least how long it was."""
    impacts = tables(compose(met, Language.EN), "faults")[1]
    endless = next(row for row in impacts.rows if row[0].text == "Zone isolated")
    assert endless[3].text.replace("\u00a0", " ") == "> 5.331 s"
    assert endless[4].text == "not measured"


def test_an_objective_not_set_is_not_called_not_measured(met: Results) -> None:
    """What nobody fixed is not set; only what was looked for can be not measured."""
    verdict = dataclasses.replace(met.verdicts[0], objective=None)
    document = compose(dataclasses.replace(met, verdicts=(verdict,)), Language.EN)
    assert tables(document, "objectives")[1].rows[0][1].text == "not set"
    assert document.summary.cards[0].against == "Objective: not set"


def test_many_outages_print_the_longest(met: Results) -> None:
    """Hundreds of short outages leave the long ones, and those without an end."""
    short = dataclasses.replace(met.outages[0], duration_s=0.02, start_s=500.0)
    endless = dataclasses.replace(short, duration_s=None, end_s=None, start_s=700.0)
    outages = (*met.outages, *[short] * 400, endless)
    document = compose(dataclasses.replace(met, outages=outages), Language.EN)
    table = next(t for t in tables(document, "service") if "Outages" in t.caption)
    assert len(table.rows) == 20
    assert "406" in table.remainder
    assert table.rows[-1][3].note == "not ended when it stopped"
    starts = [row[1].text for row in table.rows[:5]]
    assert starts[0].startswith("−")


def test_the_manifest_is_bounded(met: Results) -> None:
    """Many evidence files print forty, the rest is counted."""
    digest = Digest(path="evidence/x", size_bytes=1, sha256="0" * 64)
    document = compose(met, Language.EN, (digest,) * 100)
    (table,) = tables(document, "annex-manifest")
    assert len(table.rows) == 40
    assert table.remainder.startswith("60 more")
