"""Who cut the power, turned the door and made the volumes: by which way, how long."""

from __future__ import annotations

from reprise_pra.analysis.results import ActSeen
from reprise_pra.analysis.words import capability_name, way_name
from reprise_reports.document import Block, Cell, Paragraph, Section, Table, Tone
from reprise_reports.sections.case import (
    Case,
    columns,
    excerpt,
    offset_cell,
    quantity_cell,
)

ROWS = 60


def means(case: Case) -> Section:
    """Return how each capability of the site's provider was exercised."""
    voice = case.voice
    blocks: tuple[Block, ...]
    if case.results.acts:
        blocks = (_lead(case), excerpt(voice, _table(case), ROWS, "results.json"))
    else:
        blocks = (Paragraph(text=_nothing(case)),)
    return Section(
        key="means",
        number="",
        level=2,
        title=voice("Moyens employés", "How it was carried out"),
        blocks=blocks,
    )


def _nothing(case: Case) -> str:
    voice = case.voice
    if case.head.is_embedded:
        return voice(
            "La maquette a elle-même coupé le courant et les liens, refait les volumes et "
            "basculé la porte d'entrée : ni personne ni fournisseur n'intervient.",
            "The model site itself cut power and links, made the volumes and turned the "
            "front door: neither a person nor a provider takes part.",
        )
    return voice(
        "Rien n'a été demandé au fournisseur du site.",
        "Nothing was asked of the site's provider.",
    )


def _lead(case: Case) -> Paragraph:
    return Paragraph(
        text=case.voice(
            "Ce que Kubernetes ne sait pas faire est exécuté par le moyen que le fichier "
            "du site déclare. La durée est celle de la commande, ou de la personne jusqu'à "
            "sa réponse ; l'effet est constaté à part.",
            "What Kubernetes cannot do is carried out by the way that the site file "
            "declares. The time is the command's, or the person's until they answered; "
            "the effect is seen elsewhere.",
        )
    )


def _table(case: Case) -> Table:
    voice = case.voice
    return Table(
        caption=voice("Actes du fournisseur", "What the provider did"),
        columns=columns(
            (voice("Acte", "Act"), 26),
            (voice("Objet", "Of"), 18),
            (voice("Moyen", "Way"), 22),
            (voice("Commencé", "Begun"), 13, True),
            (voice("Durée", "Took"), 12, True),
            (voice("Issue", "Outcome"), 9),
        ),
        rows=tuple(_row(case, act) for act in case.results.acts),
    )


def _row(case: Case, act: ActSeen) -> tuple[Cell, ...]:
    voice = case.voice
    unended = voice("sans fin constatée", "with no end seen")
    return (
        Cell(text=voice.of(capability_name(act.capability))),
        Cell(text=act.of or "–"),
        Cell(text=voice.of(way_name(act.way))),
        offset_cell(case, act.start_s, ""),
        quantity_cell(voice, act.seconds, "s", unended),
        _outcome(case, act),
    )


def _outcome(case: Case, act: ActSeen) -> Cell:
    voice = case.voice
    if act.is_done is None:
        return Cell(text=voice("inconnue", "unknown"), tone=Tone.DOUBT)
    if act.is_done:
        return Cell(text=voice("fait", "done"), tone=Tone.GOOD)
    return Cell(text=voice("échec", "failed"), tone=Tone.BAD)
