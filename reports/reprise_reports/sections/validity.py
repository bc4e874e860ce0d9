"""May the run be judged, and what deviates: assumptions, deviations, reservations."""

from __future__ import annotations

from collections.abc import Iterator

from reprise_pra.analysis.results import Assumption
from reprise_reports.document import Cell, Paragraph, Section, Table, Tone
from reprise_reports.sections.case import Case, columns, excerpt
from reprise_reports.words import assumption_name

ROWS = 60


def assumptions(case: Case) -> Section:
    """Return what must hold for the measurements to mean anything."""
    voice = case.voice
    table = Table(
        caption=voice("Hypothèses de validité", "Assumptions"),
        columns=columns(
            (voice("Hypothèse", "Assumption"), 30),
            (voice("État", "State"), 18),
            (voice("Constat", "Observation"), 52),
        ),
        rows=tuple(_row(case, assumption) for assumption in case.results.assumptions),
        empty=voice(
            "Aucune hypothèse n'a été examinée.", "No assumption was examined."
        ),
    )
    lead = Paragraph(
        text=voice(
            "Les hypothèses sont jugées avant les objectifs. Si l'une est fausse, un "
            "objectif tenu devient non concluant ; un objectif manqué le reste.",
            "Assumptions are judged before the objectives. If one is false, an objective "
            "met becomes inconclusive; an objective missed remains so.",
        )
    )
    return Section(
        key="assumptions",
        number="",
        title=voice("Hypothèses de validité", "Assumptions"),
        blocks=(lead, excerpt(voice, table, ROWS, "results.csv")),
    )


def findings(case: Case) -> Section:
    """Return the deviations and reservations, with what people are to fill in."""
    voice = case.voice
    table = Table(
        caption=voice(
            "Écarts et réserves relevés", "Deviations and reservations found"
        ),
        columns=columns(
            (voice("N°", "No."), 7),
            (voice("Nature", "Nature"), 13),
            (voice("Constat", "Finding"), 42),
            (voice("Cause", "Cause"), 13),
            (voice("Action, responsable, échéance", "Action, owner, date"), 25),
        ),
        rows=tuple(_findings(case)),
        empty=voice(
            "Ni écart, ni réserve, ni observation.",
            "No deviation, no reservation, no observation.",
        ),
        is_form=True,
    )
    return Section(
        key="findings",
        number="",
        title=voice("Écarts et réserves", "Deviations and reservations"),
        blocks=(excerpt(voice, table, ROWS, "results.csv"),),
    )


def _row(case: Case, assumption: Assumption) -> tuple[Cell, ...]:
    voice = case.voice
    state = {
        True: Cell(text=voice("vérifiée", "holds"), tone=Tone.GOOD),
        False: Cell(text=voice("fausse", "false"), tone=Tone.BAD),
        None: Cell(text=voice("non vérifiable", "not checked"), tone=Tone.DOUBT),
    }[assumption.holds]
    return (
        Cell(text=assumption_name(voice, assumption)),
        state,
        Cell(text=voice.sentence(assumption.reason)),
    )


def _not_concluded(case: Case, reservation: Cell) -> Iterator[tuple[Cell, str, str]]:
    """Return the objectives not concluded; once for all when an assumption is why."""
    voice, head = case.voice, case.head
    if not head.unknown:
        return
    if not head.broken and not head.unchecked:
        for verdict in head.unknown:
            reason = voice.sentence(verdict.reason)
            yield reservation, voice.of(verdict.title), reason
        return
    titles = voice.most([voice.of(verdict.title) for verdict in head.unknown], 6)
    yield (
        reservation,
        voice("Objectifs non conclus", "Objectives not concluded"),
        voice.colon(
            voice("De ce fait ou faute de mesure", "For these reasons"), titles
        ),
    )


def _observations(case: Case) -> Iterator[tuple[Cell, str, str]]:
    """Return what no objective judges but somebody has to look at."""
    voice, head = case.voice, case.head
    nature = Cell(text=voice("Observation", "Observation"))
    if head.lost or head.altered or head.duplicated:
        what = voice(
            "Écritures à ressaisir ou vérifier", "Writes to enter or check again"
        )
        counts = (
            (voice("perdues", "lost"), head.lost),
            (voice("altérées", "altered"), head.altered),
            (voice("en double", "duplicated"), head.duplicated),
        )
        said = ", ".join(voice.colon(name, voice.number(n)) for name, n in counts if n)
        yield nature, what, f"{said} (writes-to-review.csv)."
    for seen in case.results.observations:
        distance = head.clock.since_t0(seen.at_s)
        when = "" if distance is None else voice.offset(distance)
        yield nature, voice.sentence(seen.text), when


def _findings(case: Case) -> Iterator[tuple[Cell, ...]]:
    voice, head = case.voice, case.head
    deviation = Cell(text=voice("Écart", "Deviation"), tone=Tone.BAD)
    reservation = Cell(text=voice("Réserve", "Reservation"), tone=Tone.DOUBT)
    found = [
        *(
            (deviation, voice.of(v.title), voice.sentence(v.reason))
            for v in head.missed
        ),
        *(
            (reservation, assumption_name(voice, a), voice.sentence(a.reason))
            for a in (*head.broken, *head.unchecked)
        ),
        *_not_concluded(case, reservation),
        *_observations(case),
    ]
    for index, (nature, what, reason) in enumerate(found, start=1):
        yield (
            Cell(text=str(index)),
            nature,
            Cell(text=what, note=reason),
            Cell(text=voice("à renseigner", "to fill in")),
            Cell(text=voice("à renseigner", "to fill in")),
        )
