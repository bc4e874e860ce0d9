"""The main courante: what happened, line by line, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

from reprise_pra.analysis import say
from reprise_pra.analysis.backups import flaw_of
from reprise_pra.analysis.measure import Measured
from reprise_pra.analysis.recorded import Fault
from reprise_pra.analysis.results import Entry, Text
from reprise_pra.analysis.timeline import Timeline
from reprise_pra.analysis.words import (
    MARKS,
    capability_name,
    check_name,
    decision_name,
    fault_name,
    phase_name,
    way_name,
)
from reprise_pra.history import Kind

_ALERT_STATES = {
    "firing": Text(fr="déclenchée", en="firing"),
    "resolved": Text(fr="levée", en="resolved"),
    "silent": Text(fr="tue par une alerte plus large", en="included in a larger one"),
}
_CHECKS = {
    True: Text(fr="constaté", en="holds"),
    False: Text(fr="démenti", en="does not hold"),
    None: Text(fr="non déterminé", en="could not be told"),
}
type _Line = tuple[int, str, str, Text]


def chronology_of(measured: Measured) -> tuple[Entry, ...]:
    """Return the entries in the order of their instants, each told once."""
    timeline = measured.timeline
    lines = [
        *_phases(timeline),
        *_faults(timeline),
        *_acts(timeline),
        *_marks(measured),
        *_decisions(timeline),
        *_alerts(timeline),
        *_backups(measured),
        *_restores(timeline),
        *_switches(timeline),
        *_checks(timeline),
        *_load(timeline),
    ]
    lines.sort(key=lambda line: (line[0], line[2], line[3].en))
    return tuple(
        Entry(at_s=timeline.seconds(at_ns), utc=utc, actor=actor, text=text)
        for at_ns, utc, actor, text in lines
    )


def _phases(timeline: Timeline) -> Iterator[_Line]:
    for phase in timeline.phases:
        name = phase_name(phase.name)
        text = say.sentence("Phase : {name}", "Phase: {name}", name=name)
        yield phase.start_ns, phase.start_utc, "drill", text
        if phase.end_ns is None or phase.end_utc is None or phase.ended is Kind.OK:
            continue
        text = say.sentence(
            "Phase en échec : {name} ({reason})",
            "Phase failed: {name} ({reason})",
            name=name,
            reason=phase.reason or "–",
        )
        yield phase.end_ns, phase.end_utc, "drill", text


def _faults(timeline: Timeline) -> Iterator[_Line]:
    for fault in timeline.faults:
        yield (
            fault.injected_ns,
            fault.injected_utc,
            "nemesis",
            _told(
                fault,
                "Injection : {fault} ({targets})",
                "Injected: {fault} ({targets})",
            ),
        )
        if fault.taken_ns is not None and fault.taken_utc is not None:
            yield (
                fault.taken_ns,
                fault.taken_utc,
                fault.taken_observer or "?",
                _told(fault, "Panne constatée : {fault}", "Seen to take: {fault}"),
            )
        if fault.undo_ns is not None and fault.undo_utc is not None:
            yield (
                fault.undo_ns,
                fault.undo_utc,
                "nemesis",
                _told(fault, "Annulation : {fault}", "Undo: {fault}"),
            )
        if fault.undone_ns is not None and fault.undone_utc is not None:
            yield (
                fault.undone_ns,
                fault.undone_utc,
                fault.undone_observer or "?",
                _told(
                    fault,
                    "Annulation constatée : {fault}",
                    "Seen to be undone: {fault}",
                ),
            )


def _acts(timeline: Timeline) -> Iterator[_Line]:
    for act in timeline.acts:
        text = say.sentence(
            "{capability}, {way} : {of}",
            "{capability}, {way}: {of}",
            capability=capability_name(act.capability),
            way=way_name(act.way),
            of=act.of or "–",
        )
        if act.ended is not Kind.OK:
            text = say.sentence(
                "{text} (non abouti)", "{text} (not completed)", text=text
            )
        actor = "person" if act.way == "manual" else "acts"
        yield act.start_ns, act.start_utc, actor, text


def _marks(measured: Measured) -> Iterator[_Line]:
    for name, mark in measured.timeline.marks.items():
        if name in MARKS and name != "t7":
            text = MARKS[name]
            if _is_translated(mark.detail):
                text = say.sentence(
                    "{mark} : {detail}",
                    "{mark}: {detail}",
                    mark=text,
                    detail=mark.detail or "",
                )
            yield mark.at_ns, mark.utc, "drill", text
    rta = measured.rta
    if rta.t7_ns is not None:
        text = say.sentence(
            "{mark} : {reason}", "{mark}: {reason}", mark=MARKS["t7"], reason=rta.reason
        )
        yield rta.t7_ns, rta.t7_utc or "", "load", text


def _decisions(timeline: Timeline) -> Iterator[_Line]:
    for one in timeline.decisions:
        text = say.sentence(
            "Décision : {what}", "Decision: {what}", what=decision_name(one.what)
        )
        yield one.at_ns, one.utc, one.who, text


def _alerts(timeline: Timeline) -> Iterator[_Line]:
    for one in timeline.alerts:
        text = say.sentence(
            "Alerte {alert} {state}",
            "Alert {alert} {state}",
            alert=one.alert,
            state=_ALERT_STATES.get(one.state, Text(fr=one.state, en=one.state)),
        )
        yield one.at_ns, one.utc, "sentinel", text


def _backups(measured: Measured) -> Iterator[_Line]:
    for one in measured.timeline.backups:
        flaw = flaw_of(one, measured.run.plan.expected_volumes)
        text = (
            say.sentence(
                "Sauvegarde {name} valable", "Backup {name} counts", name=one.name
            )
            if flaw is None
            else say.sentence(
                "Sauvegarde {name} sans valeur : {flaw}",
                "Backup {name} does not count: {flaw}",
                name=one.name,
                flaw=flaw,
            )
        )
        yield one.seen_ns, one.seen_utc, "drill", text


def _restores(timeline: Timeline) -> Iterator[_Line]:
    for one in timeline.restores:
        text = say.sentence(
            "Restauration {name} depuis {backup}",
            "Restore {name} from {backup}",
            name=one.name,
            backup=one.backup,
        )
        yield one.start_ns, one.start_utc, "drill", text
        if one.end_ns is None or one.end_utc is None:
            continue
        is_ok = one.ended is Kind.OK
        text = say.sentence(
            "Restauration {name} terminée" if is_ok else "Restauration {name} en échec",
            "Restore {name} finished" if is_ok else "Restore {name} failed",
            name=one.name,
        )
        yield one.end_ns, one.end_utc, "drill", text


def _switches(timeline: Timeline) -> Iterator[_Line]:
    for one in timeline.switches:
        is_ok = one.ended is Kind.OK
        text = say.sentence(
            "Bascule vers {to}" if is_ok else "Bascule vers {to} non aboutie",
            "Front door switched to {to}" if is_ok else "Switch to {to} not completed",
            to=_site(one.to),
        )
        yield one.end_ns or one.start_ns, one.end_utc or one.start_utc, "drill", text


def _checks(timeline: Timeline) -> Iterator[_Line]:
    for one in timeline.checks:
        text = say.sentence(
            "Contrôle {name} : {state}",
            "Check {name}: {state}",
            name=check_name(one.name),
            state=_CHECKS[one.holds],
        )
        if one.detail and (one.holds is not True or _is_translated(one.detail)):
            text = say.sentence(
                "{text} ({detail})", "{text} ({detail})", text=text, detail=one.detail
            )
        yield one.at_ns, one.utc, "drill", text


def _load(timeline: Timeline) -> Iterator[_Line]:
    for one in timeline.loads:
        if one.started_ns is not None:
            text = Text(fr="Les cliniques ouvrent", en="The clinics open")
            yield one.started_ns, one.started_utc or "", one.process, text
        if one.stopped_ns is not None:
            text = Text(fr="Les cliniques ferment", en="The clinics close")
            yield one.stopped_ns, one.stopped_utc or "", one.process, text


def _is_translated(detail: Text | None) -> bool:
    """Whether a detail was told in both languages; in one, only a failure is worth it."""
    return detail is not None and detail.fr != detail.en


def _told(fault: Fault, fr: str, en: str) -> Text:
    return say.sentence(
        fr, en, fault=fault_name(fault.fault), targets=", ".join(fault.targets) or "–"
    )


def _site(site: str) -> Text:
    return {
        "primary": Text(fr="le site principal", en="the primary site"),
        "recovery": Text(fr="le site de secours", en="the recovery site"),
    }.get(site, Text(fr=site, en=site))
