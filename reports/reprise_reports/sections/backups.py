"""The backups the run saw, which of them count, and the one restored."""

from __future__ import annotations

from reprise_pra.analysis.results import BackupSeen
from reprise_reports.document import Cell, Paragraph, Section, Table, Tone
from reprise_reports.sections.case import (
    Case,
    columns,
    excerpt,
    instant_cell,
    missing_cell,
)
from reprise_reports.voice import parse_utc

ROWS = 40


def backups(case: Case) -> Section:
    """Return the backups of the run."""
    voice = case.voice
    table = Table(
        caption=voice(
            "Sauvegardes vues pendant l'exercice", "Backups seen in the drill"
        ),
        columns=columns(
            (voice("Sauvegarde", "Backup"), 30),
            (voice("Retenue", "Counts"), 24),
            (voice("Début", "Started"), 15, True),
            (voice("Capture", "Captured"), 15, True),
            (voice("Volume", "Size"), 16, True),
        ),
        rows=tuple(_row(case, backup) for backup in case.results.backups),
        empty=voice("Aucune sauvegarde n'a été vue.", "No backup was seen."),
    )
    return Section(
        key="backups",
        number="",
        level=2,
        title=voice("Sauvegardes", "Backups"),
        blocks=(
            Paragraph(text=_restored(case)),
            excerpt(voice, table, ROWS, "results.json"),
        ),
    )


def _restored(case: Case) -> str:
    voice = case.voice
    rule = voice(
        "Une sauvegarde est retenue si elle est complète et si chaque volume attendu y "
        "figure avec des octets. ",
        "A backup counts when it is complete and holds every expected volume with bytes. ",
    )
    chosen = next((b for b in case.results.backups if b.is_restored), None)
    if chosen is None:
        return rule + voice(
            "Aucune n'a été restaurée pendant l'exercice.",
            "None was restored during the drill.",
        )
    instant = parse_utc(chosen.snapshot_utc)
    when = (
        f"{voice.clock(instant)}\u00a0UTC"
        if instant
        else voice.missing(voice("instant de capture absent", "no captured instant"))
    )
    return rule + voice(
        f"Restaurée : {chosen.name}, dont les données sont celles de l'instant {when}.",
        f"Restored: {chosen.name}, whose data is that of the instant {when}.",
    )


def _row(case: Case, backup: BackupSeen) -> tuple[Cell, ...]:
    voice = case.voice
    restored = voice("restaurée", "restored") if backup.is_restored else ""
    counts = voice("oui", "yes") if backup.counts else voice("non", "no")
    reason = voice.of(backup.reason)
    note = reason if backup.counts else f"{backup.phase}. {reason}".strip(" .")
    absent = voice("non relevé", "not recorded")
    return (
        Cell(text=backup.name, note=restored, is_code=True),
        Cell(text=counts, note=note, tone=Tone.PLAIN if backup.counts else Tone.DOUBT),
        instant_cell(case, backup.started_utc, absent),
        instant_cell(case, backup.snapshot_utc, absent),
        Cell(text=voice.size(backup.volume_bytes))
        if backup.volume_bytes
        else missing_cell(voice, voice("aucun octet relevé", "no byte recorded")),
    )
