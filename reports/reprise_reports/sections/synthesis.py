"""The page a director reads: four numbers, three messages, what is not proven."""

from __future__ import annotations

from reprise_pra.analysis.results import Outcome, Verdict
from reprise_reports.document import Card, Summary, Tone
from reprise_reports.headline import TONES
from reprise_reports.sections.case import Case, mark_reason, recovery_reason
from reprise_reports.sections.limits import short_limits
from reprise_reports.sections.messages import data, recovery, request, trust
from reprise_reports.voice import measured
from reprise_reports.words import outcome_name

CARD_LETTERS = 90


def summary(case: Case) -> Summary:
    """Return the synthesis for the management."""
    voice = case.voice
    return Summary(
        title=voice("Synthèse pour la direction", "Summary for the management"),
        cards=(_rto_card(case), _rpo_card(case), _dmia_card(case), _loss_card(case)),
        messages_title=voice("Ce qu'il faut retenir", "What to remember"),
        messages=(recovery(case), data(case), trust(case)),
        unproven_title=voice(
            "Ce que l'exercice ne prouve pas", "What the drill does not prove"
        ),
        unproven=short_limits(case),
        request_title=voice("Décision demandée", "Decision requested"),
        request=request(case),
    )


def _rto_card(case: Case) -> Card:
    reason = recovery_reason(case)
    heading = case.voice("RTO mesuré", "Measured RTO")
    return _duration_card(case, heading, case.head.rto, reason)


def _rpo_card(case: Case) -> Card:
    known = [loss.reason for loss in case.results.losses if loss.reason]
    reason = (
        case.voice.of(known[0])
        if known
        else case.voice("pertes non établies", "losses not established")
    )
    heading = case.voice("RPO mesuré", "Measured RPO")
    return _duration_card(case, heading, case.head.rpo, reason)


def _dmia_card(case: Case) -> Card:
    heading = case.voice("Interruption (DMIA)", "Downtime (MTD)")
    return _duration_card(case, heading, case.head.dmia, mark_reason(case, "t0", "t8"))


def _duration_card(
    case: Case, heading: str, verdict: Verdict | None, reason: str
) -> Card:
    voice = case.voice
    actual = measured(verdict.actual) if verdict else None
    objective = measured(verdict.objective) if verdict else None
    if actual is None:
        value, detail = voice.missing(), _short(reason)
    else:
        bound = ">\u00a0" if verdict and verdict.is_lower_bound else ""
        value = bound + voice.duration(actual)
        detail = voice(
            f"soit {voice.seconds(actual)}", f"{voice.seconds(actual)} exactly"
        )
        if bound:
            detail = voice("borne inférieure, ", "lower bound, ") + detail
    against = voice.colon(
        voice("Objectif", "Objective"),
        voice("non fixé", "not set")
        if objective is None
        else voice.duration(objective),
    )
    outcome = verdict.outcome if verdict else Outcome.UNKNOWN
    return Card(
        title=heading,
        value=value,
        detail=detail,
        against=against,
        outcome=outcome_name(voice, outcome),
        tone=TONES[outcome],
    )


def _short(reason: str) -> str:
    """Cut a reason to what a card holds; the objectives' table has it whole."""
    return reason if len(reason) <= CARD_LETTERS else f"{reason[: CARD_LETTERS - 1]}…"


def _loss_card(case: Case) -> Card:
    voice, head = case.voice, case.head
    heading = voice("Écritures perdues", "Writes lost")
    if head.acknowledged is None:
        return Card(
            title=heading,
            value=voice.missing(),
            detail=voice("aucun rapprochement", "no reconciliation"),
            against="",
            outcome=outcome_name(voice, Outcome.UNKNOWN),
            tone=Tone.DOUBT,
        )
    count = voice.number(head.acknowledged)
    flaws = voice(
        f"Trous : {head.holes}, altérées : {head.altered}",
        f"Holes: {head.holes}, altered: {head.altered}",
    )
    is_clean = not (head.lost or head.altered or head.duplicated)
    return Card(
        title=heading,
        value=voice.number(head.lost),
        detail=voice(f"sur {count} acquittées", f"of {count} acknowledged"),
        against=flaws,
        outcome=voice("Aucune perte", "No loss")
        if is_clean
        else voice("À ressaisir ou vérifier", "To enter again or check"),
        tone=Tone.GOOD if is_clean else Tone.PLAIN,
    )
