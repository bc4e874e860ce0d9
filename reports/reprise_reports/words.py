"""The names people read instead of the history's identifiers; an unknown one stays as is."""

from __future__ import annotations

from reprise_pra.analysis import words as analysis_words
from reprise_pra.analysis.results import Assumption, Outcome, Text
from reprise_reports.voice import Voice

_OUTCOMES = {
    Outcome.MET: Text(fr="Conforme", en="Compliant"),
    Outcome.MISSED: Text(fr="Non conforme", en="Not compliant"),
    Outcome.UNKNOWN: Text(fr="Non concluant", en="Inconclusive"),
}

_JOURNEYS = {
    "register": Text(fr="Accueil d'un patient", en="Patient registration"),
    "consult": Text(fr="Consultation", en="Consultation"),
    "audiogram": Text(fr="Audiogramme", en="Audiogram"),
    "appointment": Text(fr="Prise de rendez-vous", en="Appointment booking"),
    "check_in": Text(fr="Arrivée d'un patient", en="Patient check-in"),
    "fitting": Text(fr="Appareillage", en="Hearing aid fitting"),
    "follow_up": Text(fr="Suivi d'appareillage", en="Fitting follow-up"),
    "attachment": Text(fr="Dépôt d'un document", en="Document filing"),
    "agenda": Text(fr="Agenda du jour", en="Day's agenda"),
}

_TYPES = {
    "patient": Text(fr="Patients", en="Patients"),
    "visit": Text(fr="Visites", en="Visits"),
    "encounter": Text(
        fr="Examens (constantes, audiogrammes)", en="Encounters (vitals, audiograms)"
    ),
    "appointment": Text(fr="Rendez-vous", en="Appointments"),
    "attachment": Text(fr="Documents joints", en="Attached documents"),
}

_TYPE_SINGULAR = {
    "patient": Text(fr="Patient", en="Patient"),
    "visit": Text(fr="Visite", en="Visit"),
    "encounter": Text(fr="Examen", en="Encounter"),
    "appointment": Text(fr="Rendez-vous", en="Appointment"),
    "attachment": Text(fr="Document joint", en="Attached document"),
}

_WINDOWS = {
    "before": Text(fr="Avant", en="Before"),
    "during": Text(fr="Pendant", en="During"),
    "after": Text(fr="Après", en="After"),
}

_CLASSES = {
    "read": Text(fr="Lecture", en="Read"),
    "write": Text(fr="Écriture", en="Write"),
}

_BUCKETS = {
    "detection": Text(fr="Détection", en="Detection"),
    "decision": Text(fr="Décision", en="Decision"),
    "preparation": Text(fr="Préparation", en="Preparation"),
    "restore": Text(fr="Restauration", en="Restore"),
    "start_up": Text(fr="Démarrage", en="Start-up"),
    "startup": Text(fr="Démarrage", en="Start-up"),
    "switch": Text(
        fr="Bascule et remise en service", en="Switch and return to service"
    ),
}

_ACTORS = {
    "acts": Text(fr="fournisseur", en="provider"),
    "person": Text(fr="exploitant", en="operator"),
    "drill": Text(fr="exercice", en="drill"),
    "nemesis": Text(fr="injecteur de pannes", en="fault injector"),
    "sentinel": Text(fr="supervision", en="monitoring"),
    "load": Text(fr="charge", en="load"),
    "reconciler": Text(fr="rapprochement", en="reconciliation"),
}

_MARKS = {
    "t0": Text(fr="Sinistre : début de l'injection", en="Disaster: injection starts"),
    "t1": Text(fr="Détection : alerte déclenchée", en="Detection: alert fires"),
    "t2": Text(fr="Activation du PRA décidée", en="Activation decided"),
    "t3": Text(fr="Site de secours prêt", en="Recovery site ready"),
    "t4": Text(fr="Restauration commencée", en="Restore starts"),
    "t5": Text(
        fr="Restauration terminée, volumes compris", en="Restore done, volumes too"
    ),
    "t6": Text(fr="Reprise technique", en="Technically up"),
    "t7": Text(fr="Service rétabli", en="Service restored"),
    "t8": Text(
        fr="Données rapprochées et validées", en="Data reconciled and validated"
    ),
    "t9": Text(
        fr="Retour à la normale, site nettoyé", en="Back to normal, site cleaned"
    ),
}


def outcome_name(voice: Voice, outcome: Outcome) -> str:
    """Return the verdict as the report says it."""
    return voice.of(_OUTCOMES[outcome])


def journey_name(voice: Voice, journey: str) -> str:
    """Return the clinical journey's name."""
    return _known(voice, _JOURNEYS, journey)


def type_name(voice: Voice, clinical_type: str) -> str:
    """Return the plural of a clinical type."""
    return _known(voice, _TYPES, clinical_type)


def type_singular(voice: Voice, clinical_type: str) -> str:
    """Return the singular of a clinical type."""
    return _known(voice, _TYPE_SINGULAR, clinical_type)


def store_name(voice: Voice, store: str) -> str:
    """Return the store's name; an unknown one's as it is."""
    name = _known(voice, analysis_words.STORES, store)
    return _capital(name) if store in analysis_words.STORES else name


def window_name(voice: Voice, window: str) -> str:
    """Return the window's name."""
    if window in _WINDOWS:
        return voice.of(_WINDOWS[window])
    fault, _, again = window.partition(" ")
    return f"{fault_name(voice, fault)} {again}".strip()


def class_name(voice: Voice, service_class: str) -> str:
    """Return the class of service's name."""
    return _known(voice, _CLASSES, service_class)


def bucket_name(voice: Voice, names: tuple[str, ...]) -> str:
    """Return the name of a stretch of the RTA; merged stretches are joined by a plus."""
    return " + ".join(_known(voice, _BUCKETS, name) for name in names) or "?"


def fault_name(voice: Voice, fault: str) -> str:
    """Return the fault's name."""
    return _capital(voice.of(analysis_words.fault_name(fault)))


def phase_name(voice: Voice, phase: str) -> str:
    """Return the name of a phase of the drill."""
    return _capital(voice.of(analysis_words.phase_name(phase)))


def actor_name(voice: Voice, actor: str) -> str:
    """Return who acted; `load-3` is the load."""
    stem, _, index = actor.rpartition("-")
    return _known(voice, _ACTORS, stem if stem and index.isdecimal() else actor)


def mark_name(voice: Voice, mark: str) -> str:
    """Return what the instant t0 to t9 is."""
    return _known(voice, _MARKS, mark)


def assumption_name(voice: Voice, assumption: Assumption) -> str:
    """Return the assumption's name."""
    if assumption.title:
        return _capital(voice.of(assumption.title))
    return _capital(assumption.name.replace("_", " "))


def _known(voice: Voice, names: dict[str, Text], key: str) -> str:
    name = names.get(key) or names.get(key.replace("-", "_").replace(" ", "_"))
    return voice.of(name) if name else key.replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
