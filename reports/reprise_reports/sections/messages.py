"""The sentences of the synthesis, each following from the run's results."""

from __future__ import annotations

from reprise_pra.analysis.results import Outcome
from reprise_reports.sections.case import Case, recovery_reason
from reprise_reports.voice import measured
from reprise_reports.words import assumption_name, bucket_name


def recovery(case: Case) -> str:
    """Say how long clinicians were without the service."""
    voice, head = case.voice, case.head
    verdict = head.rto
    if head.rta_s is None:
        reason = recovery_reason(case)
        return voice.colon(
            voice("Reprise du service non mesurée", "Recovery not measured"), reason
        )
    objective = measured(verdict.objective) if verdict else None
    target = (
        voice(
            f", pour un objectif de {voice.duration(objective)}",
            f", against an objective of {voice.duration(objective)}",
        )
        if objective is not None
        else ""
    )
    spent = voice.duration(head.rta_s)
    if case.results.rta_is_lower_bound:
        return voice(
            f"Le service n'était pas rétabli {spent} après le sinistre{target} : "
            "l'observation s'est arrêtée avant la reprise.",
            f"The service was not back {spent} after the disaster{target}: "
            "the observation ended before the recovery.",
        )
    return voice(
        f"Les soignants ont retrouvé le service {spent} après la perte du site "
        f"principal{target}.",
        f"Clinicians had the service back {spent} after the primary site was "
        f"lost{target}.",
    ) + _longest(case)


def _longest(case: Case) -> str:
    voice, rta_s = case.voice, case.head.rta_s
    buckets = [b for b in case.results.buckets if measured(b.seconds) is not None]
    if not buckets or not rta_s:
        return ""
    longest = max(buckets, key=lambda bucket: bucket.seconds)
    name = bucket_name(voice, longest.names).lower()
    took = voice.duration(longest.seconds)
    share = voice.number(100 * longest.seconds / rta_s)
    return " " + voice(
        f"Étape la plus longue : {name}, {took}, soit {share} % du total.",
        f"Longest step: {name}, {took}, {share}% of the total.",
    )


def data(case: Case) -> str:
    """Say what was lost, and what could have been."""
    voice, head = case.voice, case.head
    if not case.results.losses or head.acknowledged is None:
        return voice(
            "Pertes de données non établies : aucun rapprochement des écritures n'a pu "
            "être fait.",
            "Data losses not established: the writes could not be reconciled.",
        )
    count = voice.number(head.acknowledged or 0)
    lost = voice.number(head.lost)
    text = (
        voice(
            f"Aucune perte parmi les {count} écritures acquittées, c'est-à-dire confirmées "
            "aux soignants, avant le sinistre.",
            f"No loss among the {count} writes acknowledged to clinicians before the "
            "disaster.",
        )
        if not head.lost
        else voice(
            f"Écritures confirmées aux soignants avant le sinistre puis perdues : {lost} "
            f"sur {count}, à ressaisir.",
            "Writes acknowledged to clinicians before the disaster and then lost: "
            f"{lost} of {count}, to be entered again.",
        )
    )
    if head.worst_case_s is not None:
        worst = voice.duration(head.worst_case_s)
        text += " " + voice(
            f"Avec la cadence de sauvegarde réellement tenue, la perte aurait pu "
            f"atteindre {worst}.",
            f"With the backup interval really achieved, the loss could have reached "
            f"{worst}.",
        )
    return text


def trust(case: Case) -> str:
    """Say whether the measurements can be relied upon."""
    voice, head = case.voice, case.head
    total = len(case.results.assumptions)
    held = total - len(head.broken) - len(head.unchecked)
    if not total:
        return voice(
            "Aucune hypothèse de validité n'a été examinée : les mesures ne peuvent pas "
            "être tenues pour probantes.",
            "No assumption was examined: the measurements cannot be relied upon.",
        )
    if held == total:
        return voice(
            f"Les {total} hypothèses de validité sont vérifiées : les mesures peuvent "
            "être opposées.",
            f"All {total} assumptions hold: the measurements can be relied upon.",
        )
    first = (head.broken or head.unchecked)[0]
    return voice(
        f"Hypothèses vérifiées : {held} sur {total}. {assumption_name(voice, first)} : "
        f"{voice.of(first.reason)}",
        f"Assumptions that hold: {held} of {total}. "
        f"{assumption_name(voice, first)}: {voice.of(first.reason)}",
    )


def request(case: Case) -> str:
    """Say what the management is asked to decide."""
    voice, outcome = case.voice, case.results.outcome
    if outcome is Outcome.MET and case.head.is_embedded:
        return voice(
            "Prendre acte de la démonstration sur maquette et programmer le même exercice "
            "sur le site réel, seul à pouvoir fonder la recette du plan.",
            "Take note of the demonstration on the model site and schedule the same drill "
            "on the real site, on which alone the plan can be accepted.",
        )
    if outcome is Outcome.MET:
        return voice(
            "Se prononcer sur la recette du plan au procès-verbal joint.",
            "Decide on the acceptance of the plan, in the record attached.",
        )
    if outcome is Outcome.MISSED:
        return voice(
            "Désigner un responsable et une échéance pour chaque écart relevé, puis faire "
            "rejouer l'exercice.",
            "Name an owner and a date for each deviation found, then have the drill run "
            "again.",
        )
    return voice(
        "Faire lever les réserves relevées, puis faire rejouer l'exercice : en l'état, il "
        "ne vaut ni succès ni échec.",
        "Have the reservations found lifted, then the drill run again: as it is, it is "
        "neither a success nor a failure.",
    )
