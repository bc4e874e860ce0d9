"""Results become a document: the order of a report's parts is this one visible list."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from reprise_pra.analysis.results import Results
from reprise_reports.document import Document, Paragraph, Section
from reprise_reports.headline import headline
from reprise_reports.manifest import Digest
from reprise_reports.sections import cover
from reprise_reports.sections.backups import backups
from reprise_reports.sections.case import Case
from reprise_reports.sections.chronology import chronology
from reprise_reports.sections.closing import acceptance, annexes
from reprise_reports.sections.faults import faults
from reprise_reports.sections.limits import limits
from reprise_reports.sections.losses import losses
from reprise_reports.sections.means import means
from reprise_reports.sections.method import method
from reprise_reports.sections.objectives import objectives
from reprise_reports.sections.recovery import recovery
from reprise_reports.sections.scenario import scenario
from reprise_reports.sections.service import service
from reprise_reports.sections.synthesis import summary
from reprise_reports.sections.validity import assumptions, findings
from reprise_reports.voice import Language, Voice

ANNEX = "annex-"


def compose(
    results: Results, language: Language, manifest: tuple[Digest, ...] = ()
) -> Document:
    """Return the report of a run. Pure: the same arguments give the same document."""
    voice = Voice(language=language)
    case = Case(voice=voice, results=results, head=headline(results), manifest=manifest)
    return Document(
        language=language,
        title=cover.title(case),
        reference=cover.reference(case),
        classification=voice("Diffusion restreinte", "Restricted distribution"),
        status=voice("Projet, non signé", "Draft, unsigned"),
        banner=cover.banner(case),
        stamp=cover.stamp(case),
        cover=cover.cover(case),
        summary=summary(case),
        contents_title=voice("Sommaire", "Contents"),
        sections=tuple(_numbered(voice, _sections(case))),
    )


def _sections(case: Case) -> tuple[Section, ...]:
    return (
        objectives(case),
        *scenario(case),
        *chronology(case),
        _results_heading(case),
        recovery(case),
        losses(case),
        service(case),
        faults(case),
        means(case),
        backups(case),
        assumptions(case),
        findings(case),
        limits(case),
        *method(case),
        acceptance(case),
        *annexes(case),
    )


def _results_heading(case: Case) -> Section:
    voice = case.voice
    return Section(
        key="results",
        number="",
        title=voice("Résultats mesurés", "Measured results"),
        blocks=(
            Paragraph(
                text=voice(
                    "Tous les instants sont comptés depuis le sinistre (t0) quand il a eu "
                    "lieu, depuis le début de l'exercice sinon.",
                    "All instants are counted from the disaster (t0) when it took place, "
                    "from the start of the drill otherwise.",
                )
            ),
        ),
        starts_page=True,
    )


def _numbered(voice: Voice, sections: Iterable[Section]) -> Iterator[Section]:
    """Number parts (1, 1.1, 2) and annexes (A, B)."""
    part = division = annex = 0
    for section in sections:
        if section.key.startswith(ANNEX):
            annex += 1
            letter = chr(ord("A") + annex - 1)
            number = voice(f"Annexe {letter}", f"Annex {letter}")
        elif section.level == 1:
            part, division = part + 1, 0
            number = str(part)
        else:
            division += 1
            number = f"{part}.{division}"
        yield dataclasses.replace(section, number=number)
