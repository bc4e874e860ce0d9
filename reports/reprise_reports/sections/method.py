"""How each number was measured, and how wrong it can be."""

from __future__ import annotations

from reprise_pra.analysis.results import Text
from reprise_reports.document import Bullets, Cell, Facts, Section
from reprise_reports.sections.case import Case
from reprise_reports.voice import measured


def _both(fr: str, en: str) -> Text:
    return Text(fr=fr, en=en)


_DEFINITIONS = (
    (
        _both("RTO mesuré (RTA)", "Measured RTO (RTA)"),
        _both(
            "t7 − t0, du début de la perte du site au rétablissement du plus lent des "
            "parcours prioritaires (T1). t7 est le début de la période où chacun "
            "fonctionne par l'accès des centres, dans ses seuils, jusqu'à la fin de "
            "l'observation ; une rechute le repousse.",
            "t7 − t0, from the start of the site's loss to the recovery of the slowest "
            "tier 1 journey. t7 starts the stretch in which each of them works through "
            "the clinics' front door, within its thresholds, to the end of the "
            "observation; a relapse moves it.",
        ),
    ),
    (
        _both("RPO mesuré (RPA)", "Measured RPO (RPA)"),
        _both(
            "sur les écritures acquittées avant t0 : zéro si aucune n'est perdue ; "
            "sinon t0 moins l'acquittement de la plus récente écriture telle "
            "qu'elle-même et toutes les précédentes aient survécu. Le pire magasin de "
            "données l'emporte.",
            "over the writes acknowledged before t0: zero if none is lost; else t0 "
            "minus the acknowledgement of the newest write such that it and all "
            "earlier ones survive. The worst store wins.",
        ),
    ),
    (
        _both("Pire cas", "Worst case"),
        _both(
            "plus long intervalle réellement tenu entre deux sauvegardes retenues, plus "
            "la durée de capture : une sauvegarde tombée juste avant le sinistre "
            "flatterait le seul RPO mesuré.",
            "longest interval really achieved between two backups that count, plus the "
            "capture: a backup made just before the disaster would flatter the "
            "measured RPO alone.",
        ),
    ),
    (
        _both("Interruption (DMIA)", "Downtime (MTD)"),
        _both(
            "t8 − t0, données rapprochées comprises.",
            "t8 − t0, reconciliation of the data included.",
        ),
    ),
    (
        _both("Perte, trou", "Loss, hole"),
        _both(
            "une écriture acquittée à un soignant et absente après la reprise. Un trou "
            "est une perte suivie d'une écriture plus récente qui, elle, a survécu.",
            "a write acknowledged to a clinician and absent after the recovery. A hole "
            "is a loss followed by a more recent write that did survive.",
        ),
    ),
    (
        _both("Issue inconnue", "Unknown outcome"),
        _both(
            "délai dépassé, coupure, erreur du serveur : un échec pour la "
            "disponibilité ; ni perdue ni sauvée pour les données, jusqu'à relecture.",
            "time-out, reset, server error: a failure for availability; neither lost "
            "nor saved for the data, until read back.",
        ),
    ),
    (
        _both("Disponibilité, latence", "Availability, latency"),
        _both(
            "opérations réussies sur opérations tentées ; la latence court depuis "
            "l'instant prévu de chaque opération, file d'attente comprise.",
            "operations that succeeded over operations tried; latency runs from the "
            "intended instant of each operation, waiting included.",
        ),
    ),
    (
        _both("Interruption vue par la sonde", "Outage"),
        _both(
            "suite d'appels en échec ou trop lents entre deux appels réussis, à cadence "
            "fixe et sur des connexions neuves ; début et fin sont donnés entre bornes.",
            "run of failed or slow calls between two that succeed, at a fixed rate and "
            "on fresh connections; both edges are given between bounds.",
        ),
    ),
)


def method(case: Case) -> tuple[Section, ...]:
    """Return the definitions, then the uncertainties."""
    voice = case.voice
    definitions = Section(
        key="method",
        number="",
        title=voice("Méthode de mesure", "How it was measured"),
        blocks=(Facts(pairs=_definitions(case)),),
    )
    uncertainty = Section(
        key="uncertainty",
        number="",
        level=2,
        title=voice("Incertitudes", "Uncertainties"),
        blocks=(Bullets(items=_uncertainties(case)),),
    )
    return definitions, uncertainty


def _definitions(case: Case) -> tuple[tuple[str, Cell], ...]:
    return tuple(
        (case.voice.of(name), Cell(text=case.voice.of(text)))
        for name, text in _DEFINITIONS
    )


def _uncertainties(case: Case) -> tuple[str, ...]:
    voice = case.voice
    return (
        voice(
            "Les durées viennent de l'horloge monotone de la machine qui mène l'exercice ; "
            "les heures UTC et de Paris ne servent qu'à la lecture.",
            "Durations come from the monotonic clock of the machine that runs the drill; "
            "UTC and Paris times are for reading only.",
        ),
        voice(
            "Les horodatages de Kubernetes et de Velero sont à la seconde : ils servent de "
            "preuve à côté des mesures, jamais de mesure.",
            "Kubernetes' and Velero's timestamps are to the second: they are evidence "
            "beside the measurements, never a measurement.",
        ),
        voice(
            "t7 est vu par les opérations des soignants : son incertitude est l'intervalle "
            "entre deux d'entre elles.",
            "t7 is seen through the clinicians' operations: its uncertainty is the time "
            "between two of them.",
        ),
        _prober(case),
        voice(
            "Les disponibilités sont au centième ; 99,999 % ne s'écrit jamais 100 %.",
            "Availabilities are to the hundredth; 99.999% is never printed as 100%.",
        ),
    )


def _prober(case: Case) -> str:
    voice, results = case.voice, case.results
    if not results.coverage:
        return voice(
            "Sonde : non mesuré, aucune n'a laissé de relevé de ce qu'elle pouvait voir.",
            "Prober: not measured, none left a record of what it could see.",
        )
    seen = voice.count(
        len(results.outages),
        ("interruption relevée", "interruptions relevées"),
        ("outage seen", "outages seen"),
    )
    imprecise = voice.number(sum(outage.is_imprecise for outage in results.outages))
    blind = [measured(coverage.blind_s) for coverage in results.coverage]
    blind_s = voice.seconds(sum(s for s in blind if s is not None))
    return voice(
        f"Sonde : {seen}, dont aux bornes imprécises : {imprecise} ; durée aveugle cumulée "
        f"des classes de service : {blind_s}.",
        f"Prober: {seen}, with imprecise bounds: {imprecise}; blind for {blind_s} over "
        "the classes of service.",
    )
