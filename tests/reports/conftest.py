"""Realistic results, one a kind of ending: met, missed, inconclusive, aborted."""

from __future__ import annotations

import dataclasses
import datetime
import random

import pytest

from reprise_pra.analysis.results import (
    SCHEMA_VERSION,
    Assumption,
    BackupSeen,
    Bucket,
    DataLoss,
    Entry,
    FaultImpact,
    FaultWindow,
    JourneyPromise,
    JourneyRecovery,
    LoadKept,
    LoadSecond,
    LostWrite,
    Mark,
    Observation,
    Outage,
    Outcome,
    PhaseWindow,
    ProbeCoverage,
    Promise,
    Provenance,
    Results,
    Sli,
    Text,
    TypeAccount,
    Verdict,
    WriteIssue,
    WriteMark,
)

START = datetime.datetime(2026, 9, 14, 8, 2, 11, 250_000, tzinfo=datetime.UTC)
NODE_S, ZONE_S, T0_S = 96.4, 205.8, 412.317
MARKS_S = {
    "t0": T0_S,
    "t1": T0_S + 14.208,
    "t2": T0_S + 14.951,
    "t3": T0_S + 52.66,
    "t4": T0_S + 53.102,
    "t5": T0_S + 129.871,
    "t6": T0_S + 171.43,
    "t7": T0_S + 186.044,
    "t8": T0_S + 262.9,
    "t9": T0_S + 301.5,
}
END_S = T0_S + 330
CAPTURED_S = T0_S - 38.62


def both(fr: str, en: str) -> Text:
    """Return a text in both languages."""
    return Text(fr=fr, en=en)


def utc(at_s: float) -> str:
    """Return the UTC of a second of the run."""
    instant = START + datetime.timedelta(seconds=at_s)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _load(rng: random.Random) -> tuple[LoadSecond, ...]:
    seconds = []
    for second in range(40, int(END_S)):
        down = T0_S <= second < MARKS_S["t7"]
        degraded = NODE_S <= second < NODE_S + 9 or ZONE_S <= second < ZONE_S + 6
        operations = rng.randint(9, 21)
        failures = operations if down else rng.randint(1, 6) if degraded else 0
        p50_ms = None if down else rng.uniform(35, 60) * (4 if degraded else 1)
        seconds.append(
            LoadSecond(
                at_s=float(second),
                operations=operations,
                failures=failures,
                p50_ms=p50_ms,
                p95_ms=p50_ms and p50_ms * rng.uniform(1.8, 4),
            )
        )
    return tuple(seconds)


def _writes(rng: random.Random, *, lost_from_s: float) -> tuple[WriteMark, ...]:
    marks = []
    for second in range(40, int(END_S)):
        if T0_S <= second < MARKS_S["t7"]:
            continue
        for _ in range(rng.randint(2, 6)):
            at_s = second + rng.random()
            is_lost = lost_from_s < at_s < T0_S
            marks.append(
                WriteMark(
                    acknowledged_s=at_s,
                    clinical_type=rng.choice(("patient", "visit", "encounter")),
                    fate="lost" if is_lost else "survived",
                )
            )
    return tuple(marks)


def _account(clinical_type: str, acknowledged: int, lost: int) -> TypeAccount:
    return TypeAccount(
        clinical_type=clinical_type,
        acknowledged=acknowledged,
        survived=acknowledged - lost,
        lost=lost,
        holes=0,
        altered=0,
        duplicated=0,
        recovered=2,
        unknown=1,
        unexpected=0,
        lost_after_t0=0,
        unread=0,
    )


def _loss(rng: random.Random) -> DataLoss:
    lost = tuple(
        LostWrite(
            clinical_type=rng.choice(("patient", "visit", "encounter")),
            uuid=f"{rng.getrandbits(32):08x}-0c1d-4e2f-8a3b-{rng.getrandbits(48):012x}",
            acknowledged_utc=utc(T0_S - before_s),
            before_t0_s=before_s,
            is_hole=False,
        )
        for before_s in sorted((rng.uniform(0.2, 38) for _ in range(141)), reverse=True)
    )
    return DataLoss(
        store="database",
        rpa_s=38.214,
        lower_bound_s=37.991,
        worst_case_s=71.402,
        achieved_interval_s=59.998,
        capture_s=11.404,
        accounts=(
            _account("patient", 402, 39),
            _account("visit", 398, 41),
            _account("encounter", 655, 61),
        ),
        lost=lost,
        reason=both(
            "141 écritures acquittées perdues depuis la dernière qui survit avec toutes les "
            "précédentes",
            "141 acknowledged writes lost since the newest that survives with all before it",
        ),
        issues=(
            WriteIssue(
                clinical_type="visit",
                uuid="11111111-0c1d-4e2f-8a3b-222222222222",
                fate="recovered",
                acknowledged_utc=None,
                after_switch=False,
            ),
        ),
    )


def _slis(rng: random.Random) -> tuple[Sli, ...]:
    windows = (
        ("before", 40.0, NODE_S),
        ("power_off_node", NODE_S, NODE_S + 61),
        ("isolate_zone", ZONE_S, ZONE_S + 58),
        ("during", T0_S, MARKS_S["t7"]),
        ("after", MARKS_S["t7"], END_S),
    )
    ratios = (1.0, 0.98712, 0.99471, 0.0, 1.0)
    rows = []
    for journey in ("audiogram", "consult", "register"):
        for (window, start_s, end_s), ratio in zip(windows, ratios, strict=True):
            operations = round((end_s - start_s) * rng.uniform(3, 5))
            is_down = ratio == 0.0
            rows.append(
                Sli(
                    journey=journey,
                    window=window,
                    start_s=start_s,
                    end_s=end_s,
                    operations=operations,
                    failures=round(operations * (1 - ratio)),
                    availability=ratio,
                    p50_ms=None if is_down else 47.3,
                    p95_ms=None if is_down else 812.4 if ratio < 1 else 121.9,
                    p99_ms=None if is_down else 1240.0,
                    budget_spent=round((1 - ratio) * 25, 6),
                    burn_rate=round((1 - ratio) * 100, 6),
                    is_within=ratio >= 0.99,
                )
            )
    return tuple(rows)


def _backups() -> tuple[BackupSeen, ...]:
    backups = []
    for index in range(7):
        started_s = 8.0 + 60 * index
        captured_s = CAPTURED_S - 60 * (5 - index)
        is_whole = index < 6
        backups.append(
            BackupSeen(
                name=f"clinic-202609140{800 + index}12",
                phase="Completed" if is_whole else "InProgress",
                counts=is_whole,
                reason=both("complète, volumes compris", "whole, volumes too")
                if is_whole
                else both("coupée par le sinistre", "cut by the disaster"),
                started_utc=utc(started_s),
                snapshot_utc=utc(captured_s) if is_whole else None,
                completed_utc=utc(captured_s + 9) if is_whole else None,
                volume_bytes=3_482_113 + 51_200 * index if is_whole else 0,
                is_restored=index == 5,
            )
        )
    return tuple(backups)


def _chronology() -> tuple[Entry, ...]:
    lines = (
        (0.0, "drill", both("début de l'exercice", "drill starts")),
        (38.0, "load-0", both("charge démarrée", "load starts")),
        (
            NODE_S,
            "nemesis",
            both("arrêt brutal d'un nœud : b1", "node powered off: b1"),
        ),
        (NODE_S + 8, "nemesis", both("panne constatée sur b1", "fault seen on b1")),
        (NODE_S + 61, "nemesis", both("nœud revenu", "node back")),
        (ZONE_S, "nemesis", both("isolement de la zone c", "zone c isolated")),
        (ZONE_S + 58, "nemesis", both("zone c rétablie", "zone c back")),
        (T0_S, "nemesis", both("perte du site principal", "primary site lost")),
        (
            MARKS_S["t1"],
            "sentinel",
            both("alerte FrontDoorDown", "alert FrontDoorDown"),
        ),
        (MARKS_S["t2"], "drill", both("activation décidée", "activation decided")),
        (MARKS_S["t3"], "drill", both("site de secours prêt", "recovery site ready")),
        (MARKS_S["t4"], "drill", both("restauration : volumes", "restore: volumes")),
        (MARKS_S["t5"], "drill", both("restauration terminée", "restore finished")),
        (MARKS_S["t6"], "drill", both("OpenMRS prêt", "OpenMRS ready")),
        (MARKS_S["t6"] + 1, "drill", both("bascule de l'accès", "front door switched")),
        (MARKS_S["t7"], "drill", both("service rétabli", "service restored")),
        (MARKS_S["t8"], "reconciler", both("écritures relues", "writes read back")),
        (MARKS_S["t9"], "drill", both("site remis en état", "site cleaned")),
    )
    return tuple(
        Entry(at_s=at_s, utc=utc(at_s), actor=actor, text=text)
        for at_s, actor, text in lines
    )


def _assumptions() -> tuple[Assumption, ...]:
    texts = (
        ("load_kept", "charge tenue", "load kept its schedule", "retard p99 : 12 ms"),
        ("steady_state", "régime établi", "steady state", "2 214 opérations, 0 échec"),
        ("faults_observed", "pannes constatées", "faults seen", "3 pannes sur 3"),
        ("backups", "sauvegardes avant le sinistre", "backups before", "6 retenues"),
        ("target_empty", "cible de reprise vide", "recovery target empty", "vide"),
        ("primary_unreachable", "site principal injoignable", "primary away", "oui"),
        ("one_boot", "un seul démarrage", "one boot", "un identifiant"),
        ("final_reads", "relectures faites", "final reads made", "1 455 sur 1 455"),
        ("recorders", "enregistreurs complets", "recorders complete", "9 sur 9"),
        ("objectives", "objectifs inchangés", "objectives unchanged", "même empreinte"),
    )
    return tuple(
        Assumption(name=name, holds=True, reason=both(why, why), title=both(fr, en))
        for name, fr, en, why in texts
    )


def _verdict(name: str, title: Text, objective_s: float, actual_s: float) -> Verdict:
    is_met = actual_s <= objective_s
    return Verdict(
        name=name,
        title=title,
        objective=objective_s,
        actual=actual_s,
        is_lower_bound=False,
        unit="s",
        outcome=Outcome.MET if is_met else Outcome.MISSED,
        reason=both(
            f"{actual_s:.1f} s pour un objectif de {objective_s:.0f} s".replace(
                ".", ","
            ),
            f"{actual_s:.1f} s for an objective of {objective_s:.0f} s",
        ),
    )


def _verdicts(*, rto_s: float) -> tuple[Verdict, ...]:
    return (
        _verdict(
            "rto",
            both("Délai de reprise (RTO)", "Recovery time (RTO)"),
            rto_s,
            MARKS_S["t7"] - T0_S,
        ),
        _verdict(
            "rpo", both("Perte de données (RPO)", "Data loss (RPO)"), 3600, 38.214
        ),
        _verdict(
            "dmia",
            both(
                "Durée maximale d'interruption admissible (DMIA)",
                "Maximum tolerable downtime (DMIA)",
            ),
            28800,
            MARKS_S["t8"] - T0_S,
        ),
        Verdict(
            name="integrity",
            title=both("Intégrité des données reprises", "Integrity of recovered data"),
            objective=0.0,
            actual=0.0,
            is_lower_bound=False,
            unit="writes",
            outcome=Outcome.MET,
            reason=both("rien d'altéré, aucun trou", "nothing altered, no hole"),
        ),
    )


def _buckets() -> tuple[Bucket, ...]:
    steps = (
        ("detection", "t0", "t1"),
        ("decision", "t1", "t2"),
        ("preparation", "t2", "t3"),
        ("restore", "t3", "t5"),
        ("start_up", "t5", "t6"),
        ("switch", "t6", "t7"),
    )
    return tuple(
        Bucket(
            names=(name,),
            start_mark=start,
            end_mark=end,
            seconds=round(MARKS_S[end] - MARKS_S[start], 9),
        )
        for name, start, end in steps
    )


def _faults() -> tuple[FaultWindow, ...]:
    rows = (
        ("power_off_node", ("b1",), NODE_S, 8.2, 61.0),
        ("isolate_zone", ("c1",), ZONE_S, 9.1, 58.0),
        ("power_off_site", ("a1", "b1", "c1", "control-plane"), T0_S, 3.4, None),
    )
    return tuple(
        FaultWindow(
            fault=fault,
            targets=targets,
            injected_s=at_s,
            taken_s=at_s + taken_s,
            undo_s=None if undone_s is None else at_s + undone_s - 20,
            undone_s=None if undone_s is None else at_s + undone_s,
            observer="observer kubeconfig",
        )
        for fault, targets, at_s, taken_s, undone_s in rows
    )


def _impacts() -> tuple[FaultImpact, ...]:
    rows = (
        ("power_off_node", NODE_S, "read", 7.813),
        ("power_off_node", NODE_S, "write", 8.094),
        ("isolate_zone", ZONE_S, "write", None),
        ("power_off_site", T0_S, "read", 172.118),
    )
    return tuple(
        FaultImpact(
            fault=fault,
            injected_s=at_s,
            service_class=service_class,
            outages=1,
            longest_s=longest_s,
            total_s=longest_s,
            is_imprecise=service_class == "write",
            at_least_s=longest_s or 5.331,
        )
        for fault, at_s, service_class, longest_s in rows
    )


def _outage(start_s: float, length_s: float, *, service_class: str) -> Outage:
    return Outage(
        service_class=service_class,
        start_s=start_s,
        start_low_s=start_s - 0.02,
        start_high_s=start_s + 0.02,
        end_s=start_s + length_s,
        end_low_s=start_s + length_s - 0.02,
        end_high_s=start_s + length_s + 0.015,
        duration_s=length_s,
        blind_s=0.0,
        is_imprecise=service_class == "write",
        probes=120,
    )


def _phases() -> tuple[PhaseWindow, ...]:
    names = [
        "provision",
        "preflight",
        "baseline",
        "continuity-1",
        "continuity-2",
        "wait_backups",
        "disaster",
        "detect",
        "decide",
        "prepare",
        "restore",
        "start",
        "switch",
        "observe",
        "reconcile",
        "clean",
    ]
    step_s = END_S / len(names)
    return tuple(
        PhaseWindow(
            phase=name, start_s=step_s * index, end_s=step_s * (index + 1), ended="ok"
        )
        for index, name in enumerate(names)
    )


def _marks() -> tuple[Mark, ...]:
    detail = both("relevé par l'exercice", "recorded by the drill")
    return tuple(
        Mark(name=name, at_s=at_s, utc=utc(at_s), detail=detail)
        for name, at_s in MARKS_S.items()
    )


def _provenance() -> Provenance:
    return Provenance(
        run_id="20260914T080211Z",
        drill="quarterly",
        site="embedded",
        provider="embedded",
        seed=20260914,
        started_utc=utc(0.0),
        ended_utc=utc(END_S),
        reprise_version="0.1.0",
        commit="9f0c2d7b1c3e4a5f60718293a4b5c6d7e8f90123",
        objectives_sha256="3b" * 32,
        plan_sha256="c4" * 32,
        machine="Linux 6.1, x86_64, 2 CPU, 24 GB",
    )


def _promise(*, rto_s: float) -> Promise:
    return Promise(
        service="openmrs",
        owner="Direction des soins",
        agreed="2026-06-30",
        rto_s=rto_s,
        rpo_s=3600.0,
        dmia_s=28800.0,
        journeys=tuple(
            JourneyPromise(
                journey=journey, tier=tier, availability=0.99, latency_p95_ms=2000.0
            )
            for journey, tier in (("register", 1), ("consult", 1), ("audiogram", 2))
        ),
    )


def complete(*, rto_s: float) -> Results:
    """Return a drill that ran to its end."""
    rng = random.Random(20260914)
    rta_s = MARKS_S["t7"] - T0_S
    verdicts = _verdicts(rto_s=rto_s)
    return Results(
        schema_version=SCHEMA_VERSION,
        provenance=_provenance(),
        outcome=max(verdict.outcome for verdict in verdicts),
        marks=_marks(),
        buckets=_buckets(),
        journeys=tuple(
            JourneyRecovery(
                journey=journey,
                tier=tier,
                t7_at_s=MARKS_S["t7"] - early_s,
                rta_s=rta_s - early_s,
                is_lower_bound=False,
                operations_since_t7=412,
            )
            for journey, tier, early_s in (
                ("register", 1, 0.0),
                ("consult", 1, 2.11),
                ("audiogram", 2, 1.4),
            )
        ),
        rta_s=rta_s,
        rta_is_lower_bound=False,
        since_activation_s=MARKS_S["t7"] - MARKS_S["t2"],
        mttd_s=MARKS_S["t1"] - T0_S,
        wrt_s=MARKS_S["t8"] - MARKS_S["t7"],
        losses=(_loss(rng),),
        slis=_slis(rng),
        outages=(
            _outage(NODE_S + 0.4, 7.813, service_class="read"),
            _outage(NODE_S + 0.4, 8.094, service_class="write"),
            _outage(ZONE_S + 0.2, 5.331, service_class="write"),
            _outage(T0_S + 0.1, 172.118, service_class="read"),
            _outage(T0_S + 0.1, 172.402, service_class="write"),
        ),
        faults=_faults(),
        impacts=_impacts(),
        backups=_backups(),
        assumptions=_assumptions(),
        verdicts=verdicts,
        chronology=_chronology(),
        load=_load(rng),
        writes=_writes(rng, lost_from_s=CAPTURED_S),
        interruption_s=MARKS_S["t8"] - T0_S,
        first_failure_s=T0_S + 0.084,
        promise=_promise(rto_s=rto_s),
        phases=_phases(),
        coverage=tuple(
            ProbeCoverage(
                service_class=name,
                processes=2,
                probes=29_112,
                skipped=3,
                start_s=38.0,
                end_s=END_S,
                blind_s=0.12,
                longest_blind_s=0.08,
                slow_ms=100.0,
            )
            for name in ("read", "write")
        ),
        load_kept=LoadKept(
            planned=3010, arrived=3010, turned_away=0, lag_p99_s=0.012, rate_per_s=4.2
        ),
        observed_until_s=END_S,
        observations=(
            Observation(
                kind="sli_in_fault",
                at_s=NODE_S,
                text=both(
                    "audiogram hors objectifs : arrêt brutal d'un nœud",
                    "audiogram outside its objectives: node powered off",
                ),
            ),
        ),
    )


@pytest.fixture
def met() -> Results:
    """Return a drill whose every objective is met."""
    return complete(rto_s=14400.0)


@pytest.fixture
def missed() -> Results:
    """Return a drill that took longer than its RTO."""
    return complete(rto_s=120.0)


@pytest.fixture
def inconclusive() -> Results:
    """Return a drill without load in its baseline: nothing can be concluded."""
    results = complete(rto_s=14400.0)
    false = Assumption(
        name="steady_state",
        holds=False,
        reason=both(
            "aucune opération avant la première panne", "no operation before the faults"
        ),
        title=both("régime établi avant panne", "steady state before faults"),
    )
    others = [a for a in results.assumptions if a.name != "steady_state"]
    return dataclasses.replace(
        results,
        outcome=Outcome.UNKNOWN,
        assumptions=(false, *others),
        verdicts=tuple(
            dataclasses.replace(v, outcome=Outcome.UNKNOWN) for v in results.verdicts
        ),
        load=(),
        slis=(),
    )


@pytest.fixture
def aborted() -> Results:
    """Return a drill stopped during its preflight: nothing was measured."""
    results = complete(rto_s=14400.0)
    why = both("pas de sinistre (t0)", "no disaster (t0)")
    return dataclasses.replace(
        results,
        outcome=Outcome.UNKNOWN,
        marks=(),
        buckets=(),
        journeys=(),
        rta_s=None,
        since_activation_s=None,
        mttd_s=None,
        wrt_s=None,
        losses=(),
        slis=(),
        outages=(),
        impacts=(),
        faults=(),
        backups=(),
        assumptions=(),
        verdicts=tuple(
            dataclasses.replace(v, actual=None, outcome=Outcome.UNKNOWN, reason=why)
            for v in results.verdicts
        ),
        chronology=results.chronology[:1],
        load=(),
        writes=(),
        rta_reason=why,
        interruption_s=None,
        first_failure_s=None,
        phases=(PhaseWindow(phase="preflight", start_s=0.0, end_s=3.1, ended="info"),),
        coverage=(),
        load_kept=None,
        observed_until_s=None,
        observations=(),
    )
