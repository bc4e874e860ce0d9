"""What was lost: writes acknowledged to clinicians and absent after the recovery."""

from __future__ import annotations

from reprise_pra.analysis.results import DataLoss, LostWrite, TypeAccount
from reprise_reports.document import (
    Block,
    Callout,
    Cell,
    Facts,
    Figure,
    Paragraph,
    Section,
    Table,
    Tone,
)
from reprise_reports.sections.case import (
    Case,
    bounded_cell,
    columns,
    instant_cell,
    quantity_cell,
)
from reprise_reports.words import store_name, type_name, type_singular

WRITES = "writes"
LISTED = 30
FILE = "writes-to-review.csv"


def losses(case: Case) -> Section:
    """Return the RPA and the fate of every write, by clinical type."""
    voice = case.voice
    blocks: list[Block] = []
    if not case.results.losses:
        blocks.append(
            Callout(
                tone=Tone.DOUBT,
                title=voice("Pertes non mesurées", "Losses not measured"),
                text=voice(
                    "Les écritures acquittées n'ont pas été relues après la reprise ; "
                    "rien ne permet d'affirmer que des données ont, ou n'ont pas, été "
                    "perdues.",
                    "The acknowledged writes were not read back after the recovery; "
                    "nothing tells whether data was lost or not.",
                ),
            )
        )
    if case.results.writes:
        blocks.append(_figure(case))
    for loss in case.results.losses:
        if reason := voice.sentence(loss.reason):
            blocks.append(Paragraph(text=reason))
        blocks += [_facts(case, loss), _accounts(case, loss)]
        if loss.lost:
            blocks.append(_lost(case, loss))
    return Section(
        key="losses",
        number="",
        level=2,
        title=voice("Pertes de données (RPO mesuré)", "Data losses (measured RPO)"),
        blocks=tuple(blocks),
    )


def _figure(case: Case) -> Figure:
    voice, head = case.voice, case.head
    acknowledged, lost = voice.number(head.acknowledged or 0), voice.number(head.lost)
    return Figure(
        name=WRITES,
        caption=voice(
            "Écritures acquittées, retrouvées ou perdues après la reprise",
            "Acknowledged writes, found or lost after the recovery",
        ),
        alt=voice(
            "Histogramme dans le temps des écritures acquittées ; avant le sinistre : "
            f"{acknowledged}, dont {lost} perdues. Traits : instants de capture des "
            "sauvegardes et sinistre t0.",
            "Histogram over time of acknowledged writes; before the disaster: "
            f"{acknowledged}, of which {lost} lost. Lines: instants captured by the "
            "backups, and the disaster t0.",
        ),
    )


def _facts(case: Case, loss: DataLoss) -> Facts:
    voice = case.voice
    unknown = (
        voice.of(loss.reason)
        if loss.reason
        else voice("les relectures ne suffisent pas", "not enough was read back")
    )
    nothing = voice("aucune écriture perdue connue", "no lost write known")
    intervals = voice(
        "moins de deux sauvegardes valables", "fewer than two backups that count"
    )
    uncaptured = voice("aucun instant de capture", "no captured instant")
    rpa = bounded_cell(
        voice,
        quantity_cell(voice, loss.rpa_s, "s", unknown),
        is_bound=loss.rpa_is_lower_bound and loss.rpa_s is not None,
    )
    measures = (
        ("Première écriture perdue, avant t0", "First lost write, before t0"),
        ("Plus long intervalle tenu entre sauvegardes", "Longest interval achieved"),
        ("Plus longue capture", "Longest capture"),
        ("Pire cas du calendrier tenu", "Worst case of the schedule achieved"),
    )
    values = (
        quantity_cell(voice, loss.lower_bound_s, "s", nothing),
        quantity_cell(voice, loss.achieved_interval_s, "s", intervals),
        quantity_cell(voice, loss.capture_s, "s", uncaptured),
        quantity_cell(voice, loss.worst_case_s, "s", intervals),
    )
    return Facts(
        pairs=(
            (voice("Données", "Data"), Cell(text=store_name(voice, loss.store))),
            (voice("RPO mesuré (RPA)", "Measured RPO (RPA)"), rpa),
            *(
                (voice(*name), value)
                for name, value in zip(measures, values, strict=True)
            ),
        )
    )


def _accounts(case: Case, loss: DataLoss) -> Table:
    voice = case.voice
    return Table(
        caption=voice(
            "Sort des écritures, par type clinique",
            "Fate of the writes, by clinical type",
        ),
        columns=columns(
            (voice("Type", "Type"), 20),
            (voice("Acquittées", "Ack’d"), 11, True),
            (voice("Retrouvées", "Found"), 11, True),
            (voice("Perdues", "Lost"), 9, True),
            (voice("dont trous", "holes"), 8, True),
            (voice("Altérées", "Altered"), 9, True),
            (voice("En double", "Dupl."), 10, True),
            (voice("Issue inconnue", "Unknown"), 11, True),
            (voice("Non relues", "Unread"), 11, True),
        ),
        rows=tuple(_account_row(case, account) for account in loss.accounts),
        empty=voice("Aucune écriture n'a été tentée.", "No write was attempted."),
    )


def _account_row(case: Case, account: TypeAccount) -> tuple[Cell, ...]:
    voice = case.voice
    extra = [
        voice.colon(name, voice.number(count))
        for name, count in (
            (voice("récupérées", "recovered"), account.recovered),
            (voice("inattendues", "unexpected"), account.unexpected),
            (voice("perdues après t0", "lost after t0"), account.lost_after_t0),
        )
        if count
    ]
    counts = (
        account.acknowledged,
        account.survived,
        account.lost,
        account.holes,
        account.altered,
        account.duplicated,
        account.unknown,
        account.unread,
    )
    bad = {2, 3, 4, 5}
    return (
        Cell(text=type_name(voice, account.clinical_type), note=", ".join(extra)),
        *(
            Cell(
                text=voice.number(count),
                tone=Tone.BAD if count and place in bad else Tone.PLAIN,
            )
            for place, count in enumerate(counts)
        ),
    )


def _lost(case: Case, loss: DataLoss) -> Table:
    voice = case.voice
    rows = tuple(_lost_row(case, write) for write in loss.lost[:LISTED])
    left_out = len(loss.lost) - len(rows)
    total = voice.number(len(loss.lost))
    remainder = (
        voice(
            f"{voice.number(left_out)} autres ne sont pas imprimées ; la liste complète "
            f"est dans {FILE}.",
            f"{voice.number(left_out)} more are not printed; the whole list is in {FILE}.",
        )
        if left_out
        else voice(
            f"Liste complète, aussi dans {FILE}.", f"Whole list, also in {FILE}."
        )
    )
    return Table(
        caption=voice(
            f"Écritures acquittées puis perdues ({total})",
            f"Writes acknowledged and then lost ({total})",
        ),
        columns=columns(
            (voice("Type", "Type"), 14),
            (voice("Identifiant (uuid)", "Identifier (uuid)"), 44),
            (voice("Acquittée, UTC", "Ack’d, UTC"), 20, True),
            (voice("Avant t0", "Before t0"), 14, True),
            (voice("Trou", "Hole"), 8),
        ),
        rows=rows,
        remainder=remainder,
    )


def _lost_row(case: Case, write: LostWrite) -> tuple[Cell, ...]:
    voice = case.voice
    no_instant = voice("sans horodatage", "no timestamp")
    acknowledged = instant_cell(case, write.acknowledged_utc, no_instant)
    return (
        Cell(text=type_singular(voice, write.clinical_type)),
        Cell(text=write.uuid, is_code=True),
        Cell(text=acknowledged.text, tone=acknowledged.tone),
        quantity_cell(voice, write.before_t0_s, "s", no_instant),
        Cell(text=voice("oui", "yes") if write.is_hole else voice("non", "no")),
    )
