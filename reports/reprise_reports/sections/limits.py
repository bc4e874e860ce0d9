"""What the drill did not prove: short for the management, whole for the auditor."""

from __future__ import annotations

from reprise_reports.document import Bullets, Paragraph, Section
from reprise_reports.sections.case import Case
from reprise_reports.voice import measured
from reprise_reports.words import assumption_name

SHORT = 4
LISTED = 20


def short_limits(case: Case) -> tuple[str, ...]:
    """Return the limits that matter most, for the synthesis."""
    head = case.head
    # An objective not concluded because an assumption fails would say the same twice.
    doubts = len(head.broken) + len(head.unchecked)
    questions = _open_questions(case)[: min(2, doubts) or 2]
    return (*questions, *_standing(case))[:SHORT]


def limits(case: Case) -> Section:
    """Return the section of what was not proven."""
    voice = case.voice
    lead = Paragraph(
        text=voice(
            "Un exercice ne vaut que pour ce qu'il a réellement joué et mesuré. Les points "
            "ci-dessous restent à démontrer et ne doivent pas être déduits des résultats.",
            "A drill holds only for what it really played and measured. The points below "
            "remain to be shown and must not be inferred from the results.",
        )
    )
    return Section(
        key="limits",
        number="",
        title=voice("Limites : ce qui n'est pas prouvé", "Limits: what is not proven"),
        blocks=(lead, Bullets(items=(*_open_questions(case), *_standing(case)))),
    )


def _open_questions(case: Case) -> tuple[str, ...]:
    """Return what this very run left open."""
    voice, head = case.voice, case.head
    items = [
        voice.colon(
            voice("Hypothèse fausse", "Assumption false"),
            voice.colon(assumption_name(voice, a), voice.of(a.reason)),
        )
        for a in head.broken
    ]
    items += [
        voice.colon(
            voice("Hypothèse non vérifiable", "Assumption not checked"),
            voice.colon(assumption_name(voice, a), voice.of(a.reason)),
        )
        for a in head.unchecked
    ]
    if items and head.unknown:
        # Each verdict's own reason says the assumptions again.
        titles = voice.most([voice.of(verdict.title) for verdict in head.unknown], 6)
        name = voice("Objectifs non conclus", "Objectives not concluded")
        items.append(voice.colon(name, titles))
    else:
        items += [
            voice.colon(
                voice("Objectif non conclu", "Objective not concluded"),
                voice.colon(voice.of(verdict.title), voice.of(verdict.reason)),
            )
            for verdict in head.unknown
        ]
    count = len(items) - LISTED
    if count > 0:
        items[LISTED:] = [
            voice(
                f"Autres points non conclus, listés dans results.csv : {count}.",
                f"More open points, listed in results.csv: {count}.",
            )
        ]
    return tuple(items)


def _standing(case: Case) -> tuple[str, ...]:
    """Return what a drill of this kind cannot show."""
    voice, head = case.voice, case.head
    items = []
    if head.is_embedded:
        items += [
            voice(
                "Les durées d'un site réel : la maquette tient sur une seule machine, avec "
                "un volume de données réduit.",
                "The durations of a real site: the model site fits in one machine, with "
                "little data.",
            ),
            voice(
                "L'application réelle : par défaut, la maquette remplace OpenMRS par un "
                "serveur qui en respecte les interfaces et les tables.",
                "The real application: by default the model site replaces OpenMRS by a "
                "server with the same interfaces and tables.",
            ),
            voice(
                "Le délai humain de décision : l'activation y est décidée par l'outil, sans "
                "cellule de crise.",
                "The time people take to decide: the tool decides the activation, without "
                "a crisis team.",
            ),
        ]
    if any(act.way == "kubernetes" for act in case.results.acts):
        items.append(
            voice(
                "La coupure réelle d'un nœud : elle a été approchée par l'API de "
                "Kubernetes, la machine est restée en marche.",
                "A node's real loss of power: it was approximated by Kubernetes' API, the "
                "machine ran on.",
            )
        )
    items += [
        voice(
            "La répétabilité : un exercice est un seul échantillon ; il ne donne ni moyenne "
            "ni percentile de la durée de reprise.",
            "Repeatability: one drill is one sample; it gives neither a mean nor a "
            "percentile of the recovery time.",
        ),
        voice(
            "Les scénarios non joués : rançongiciel, corruption logique, perte du site de "
            "secours ou des sauvegardes elles-mêmes.",
            "What was not played: ransomware, logical corruption, loss of the recovery "
            "site or of the backups themselves.",
        ),
        voice(
            "Le travail des soignants : les patients sont synthétiques, la ressaisie des "
            "données perdues et le mode dégradé ne sont pas exercés.",
            "The clinicians' own work: patients are synthetic, entering lost data again "
            "and working without the system are not practised.",
        ),
    ]
    returned = any(
        mark.name == "t9" and measured(mark.at_s) is not None
        for mark in case.results.marks
    )
    if not returned:
        items.append(
            voice(
                "Le retour à la normale : il n'a pas été constaté pendant l'exercice.",
                "The return to normal: it was not observed during the drill.",
            )
        )
    return tuple(items)
