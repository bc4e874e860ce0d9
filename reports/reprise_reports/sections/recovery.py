"""How long the service was away: the RTA, its stretches, and each journey's own."""

from __future__ import annotations

from reprise_pra.analysis.results import Bucket, JourneyRecovery
from reprise_reports.document import (
    Block,
    Callout,
    Cell,
    Facts,
    Figure,
    Section,
    Table,
    Tone,
)
from reprise_reports.sections.case import (
    Case,
    bounded_cell,
    columns,
    mark_reason,
    missing_cell,
    offset_cell,
    quantity_cell,
    recovery_reason,
)
from reprise_reports.voice import measured
from reprise_reports.words import bucket_name, journey_name

WATERFALL = "waterfall"


def recovery(case: Case) -> Section:
    """Return the measured recovery time and what it is made of."""
    voice = case.voice
    blocks: tuple[Block, ...]
    if case.results.buckets:
        blocks = (_figure(case), _buckets(case), _delays(case), _journeys(case))
    else:
        absent = Callout(
            tone=Tone.DOUBT,
            title=voice("Décomposition non mesurée", "Steps not measured"),
            text=voice.sentence(case.results.rta_reason)
            or mark_reason(case, "t0", "t7"),
        )
        blocks = (absent, _delays(case), _journeys(case))
    return Section(
        key="recovery",
        number="",
        level=2,
        title=voice("Délai de reprise (RTO mesuré)", "Recovery time (measured RTO)"),
        blocks=blocks,
    )


def _figure(case: Case) -> Figure:
    voice = case.voice
    steps = "; ".join(
        voice.colon(bucket_name(voice, b.names), voice.exact_duration(b.seconds))
        for b in case.results.buckets[:12]
        if measured(b.seconds) is not None
    )
    objective = measured(case.head.rto.objective) if case.head.rto else None
    target = (
        voice("aucun objectif", "no objective")
        if objective is None
        else voice.duration(objective)
    )
    return Figure(
        name=WATERFALL,
        caption=voice(
            "Cascade du RTO mesuré, du sinistre au service rétabli",
            "Waterfall of the measured RTO, from the disaster to the service restored",
        ),
        alt=voice(
            f"Barres successives des étapes de la reprise. {steps}. Objectif : {target}.",
            f"Successive bars of the recovery's steps. {steps}. Objective: {target}.",
        ),
    )


def _buckets(case: Case) -> Table:
    voice, rta_s = case.voice, case.head.rta_s
    rows = [_bucket_row(case, bucket) for bucket in case.results.buckets]
    total = Cell(text=voice("RTO mesuré (RTA)", "Measured RTO (RTA)"))
    span = Cell(text="t0 → t7")
    if rta_s is None:
        rows.append((total, span, missing_cell(voice, recovery_reason(case), span=2)))
    else:
        whole = Cell(text=voice.percent(1.0))
        spent = bounded_cell(
            voice,
            quantity_cell(voice, rta_s, "s"),
            is_bound=case.results.rta_is_lower_bound,
        )
        rows.append((total, span, spent, whole))
    return Table(
        caption=voice("Étapes de la reprise", "Steps of the recovery"),
        columns=columns(
            (voice("Étape", "Step"), 44),
            (voice("Repères", "Marks"), 16),
            (voice("Durée", "Duration"), 24, True),
            (voice("Part", "Share"), 16, True),
        ),
        rows=tuple(rows),
        has_total=True,
    )


def _bucket_row(case: Case, bucket: Bucket) -> tuple[Cell, ...]:
    voice, rta_s = case.voice, case.head.rta_s
    seconds = measured(bucket.seconds)
    share = voice.missing()
    if seconds is not None and rta_s:
        ratio = 100 * seconds / rta_s
        share = f"{voice.number(ratio, 1)}{voice(' %', '%')}"
    return (
        Cell(text=bucket_name(voice, bucket.names)),
        Cell(text=f"{bucket.start_mark} → {bucket.end_mark}"),
        quantity_cell(voice, seconds, "s", mark_reason(case, bucket.end_mark)),
        Cell(text=share),
    )


def _delays(case: Case) -> Facts:
    voice, results = case.voice, case.results

    def between(value_s: float | None, *marks: str) -> Cell:
        return quantity_cell(voice, value_s, "s", mark_reason(case, *marks))

    no_failure = voice("aucun échec relevé après t0", "no failure seen after t0")
    downtime = bounded_cell(
        voice,
        between(results.interruption_s, "t0", "t8"),
        is_bound=results.interruption_is_lower_bound
        and results.interruption_s is not None,
    )
    return Facts(
        pairs=(
            (
                voice("Première opération en échec", "First failed operation"),
                offset_cell(case, results.first_failure_s, no_failure),
            ),
            (
                voice("Délai de détection (t1 − t0)", "Time to detect (t1 − t0)"),
                between(results.mttd_s, "t0", "t1"),
            ),
            (
                voice("Depuis l'activation (t7 − t2)", "Since activation (t7 − t2)"),
                between(results.since_activation_s, "t2", "t7"),
            ),
            (
                voice("Validation des données (t8 − t7)", "Data validation (t8 − t7)"),
                between(results.wrt_s, "t7", "t8"),
            ),
            (voice("Interruption (t8 − t0)", "Downtime (t8 − t0)"), downtime),
        )
    )


def _journeys(case: Case) -> Table:
    voice = case.voice
    return Table(
        caption=voice(
            "Reprise de chaque parcours de soin", "Recovery of each clinical journey"
        ),
        columns=columns(
            (voice("Parcours", "Journey"), 32),
            (voice("Priorité", "Tier"), 12),
            (voice("Rétabli", "Back"), 20, True),
            (voice("Délai", "Time"), 20, True),
            (voice("Opérations depuis", "Operations since"), 16, True),
        ),
        rows=tuple(_journey_row(case, journey) for journey in case.results.journeys),
        empty=voice(
            "Aucun parcours n'a été observé après le sinistre.",
            "No journey was observed after the disaster.",
        ),
    )


def _journey_row(case: Case, journey: JourneyRecovery) -> tuple[Cell, ...]:
    voice = case.voice
    why = voice.of(journey.reason) if journey.reason else ""
    reason = why or voice(
        "non rétabli à la fin de l'observation", "not back when the observation ended"
    )
    spent = bounded_cell(
        voice,
        quantity_cell(voice, journey.rta_s, "s", reason),
        is_bound=journey.is_lower_bound and measured(journey.rta_s) is not None,
    )
    return (
        Cell(text=journey_name(voice, journey.journey)),
        Cell(text=f"T{journey.tier}"),
        offset_cell(case, journey.t7_at_s, reason),
        spent,
        Cell(text=voice.number(journey.operations_since_t7)),
    )
