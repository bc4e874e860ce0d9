"""What a hearing centre writes down and no demonstration dictionary has: fixed uuids.

The network's own concepts, encounter types and appointment service, with what `bootstrap`
needs to create them. LOINC names the thresholds (panel 89015-2), the conduction is beside
them since that panel does not say it, and LOINC has nothing for fittings (real-ear gain,
serial numbers, hours worn): those are local.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import Final

from reprise_platform import openmrs

NUMERIC: Final = "8d4a4488-c2cc-11de-8d13-0010c6dffd0f"
CODED: Final = "8d4a48b6-c2cc-11de-8d13-0010c6dffd0f"
TEXT: Final = "8d4a4ab4-c2cc-11de-8d13-0010c6dffd0f"
NONE: Final = "8d4a4c94-c2cc-11de-8d13-0010c6dffd0f"
TEST: Final = "8d4907b2-c2cc-11de-8d13-0010c6dffd0f"
FINDING: Final = "8d491a9a-c2cc-11de-8d13-0010c6dffd0f"
MISC: Final = "8d492774-c2cc-11de-8d13-0010c6dffd0f"
CONVENIENCE_SET: Final = "8d492594-c2cc-11de-8d13-0010c6dffd0f"

EARS: Final = {openmrs.LEFT: "gauche", openmrs.RIGHT: "droite"}
SERVICE_NAME: Final = "Audioprothèse (exercice)"
TARGETS_HZ: Final = (500, 1000, 2000, 4000)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A concept to be there; `low` and `high` bound a number, `answers` a coded one."""

    uuid: str
    english: str
    french: str
    datatype: str
    concept_class: str
    units: str | None = None
    low: float | None = None
    high: float | None = None
    decimal: bool = False
    answers: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EncounterType:
    """An encounter type to be there."""

    uuid: str
    name: str
    description: str


def _local(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"reprise:{name}"))


def _by_ear(name: str) -> dict[str, str]:
    return {ear: _local(f"{name}:{ear}") for ear in EARS}


CONDUCTION: Final = _local("conduction")
AIR: Final = _local("conduction:air")
BONE: Final = _local("conduction:bone")
BONE_PANELS: Final = _by_ear("bone audiogram")
LOSS_TYPE: Final = {
    openmrs.LEFT: openmrs.loinc("98421-1"),
    openmrs.RIGHT: openmrs.loinc("98426-0"),
}
SENSORINEURAL: Final = openmrs.loinc("LA32485-7")
MIXED: Final = _local("hearing loss:mixed")
FITTING_PANELS: Final = _by_ear("fitting")
DEVICE: Final = _local("fitting:device")
SERIAL: Final = _local("fitting:serial")
GAIN_TARGET: Final = {hz: _local(f"fitting:target:{hz}") for hz in TARGETS_HZ}
GAIN_MEASURED: Final = {hz: _local(f"fitting:measured:{hz}") for hz in TARGETS_HZ}
HOURS_WORN: Final = _local("hours worn")
SATISFACTION: Final = _local("satisfaction")

FITTING: Final = EncounterType(
    uuid=_local("encounter type:fitting"),
    name="Hearing aid fitting",
    description="Appareillage : aides auditives et gains mesurés",
)
FOLLOW_UP: Final = EncounterType(
    uuid=_local("encounter type:follow-up"),
    name="Hearing aid follow-up",
    description="Suivi d'appareillage : port et satisfaction",
)
AUDIOGRAM: Final = EncounterType(
    uuid=openmrs.AUDIOGRAM,
    name="Audiogram",
    description="Audiométrie tonale",
)
ENCOUNTER_TYPES: Final = (AUDIOGRAM, FITTING, FOLLOW_UP)


def _value(uuid_: str, english: str, french: str) -> Concept:
    return Concept(
        uuid=uuid_, english=english, french=french, datatype=NONE, concept_class=MISC
    )


def _panel(uuid_: str, english: str, french: str) -> Concept:
    return Concept(
        uuid=uuid_,
        english=english,
        french=french,
        datatype=NONE,
        concept_class=CONVENIENCE_SET,
    )


def _number(
    uuid_: str, english: str, french: str, units: str, within: tuple[float, float]
) -> Concept:
    return Concept(
        uuid=uuid_,
        english=english,
        french=french,
        datatype=NUMERIC,
        concept_class=TEST,
        units=units,
        low=within[0],
        high=within[1],
        decimal=units not in {"dB HL", "/10"},
    )


def _text(uuid_: str, english: str, french: str) -> Concept:
    return Concept(
        uuid=uuid_, english=english, french=french, datatype=TEXT, concept_class=FINDING
    )


THRESHOLDS: Final = tuple(
    concept
    for ear, french in EARS.items()
    for concept in (
        _panel(
            openmrs.AUDIOGRAM_PANELS[ear], f"Audiogram {ear}", f"Audiogramme {french}"
        ),
        *(
            _number(
                uuid_,
                f"Hearing threshold {ear} {hz} Hz",
                f"Seuil auditif {french} {hz} Hz",
                "dB HL",
                openmrs.THRESHOLD_RANGE_DB,
            )
            for hz, uuid_ in openmrs.THRESHOLDS[ear].items()
        ),
    )
)
"""What an audiogram's thresholds need, of every profile."""

AUDIOPROSTHESIS: Final = (
    _value(AIR, "Air conduction", "Conduction aérienne"),
    _value(BONE, "Bone conduction", "Conduction osseuse"),
    _value(SENSORINEURAL, "Sensorineural hearing loss", "Surdité de perception"),
    _value(MIXED, "Mixed hearing loss", "Surdité mixte"),
    Concept(
        uuid=CONDUCTION,
        english="Conduction tested",
        french="Conduction testée",
        datatype=CODED,
        concept_class=FINDING,
        answers=(AIR, BONE),
    ),
    *(
        Concept(
            uuid=uuid_,
            english=f"Hearing loss type {ear}",
            french=f"Type de surdité, oreille {EARS[ear]}",
            datatype=CODED,
            concept_class=FINDING,
            answers=(SENSORINEURAL, MIXED),
        )
        for ear, uuid_ in LOSS_TYPE.items()
    ),
    *(
        _panel(uuid_, f"Bone audiogram {ear}", f"Audiogramme osseux {EARS[ear]}")
        for ear, uuid_ in BONE_PANELS.items()
    ),
    *(
        _panel(uuid_, f"Hearing aid {ear}", f"Appareil, oreille {EARS[ear]}")
        for ear, uuid_ in FITTING_PANELS.items()
    ),
    _text(DEVICE, "Hearing aid brand and model", "Marque et modèle de l'appareil"),
    _text(SERIAL, "Hearing aid serial number", "Numéro de série de l'appareil"),
    *(
        _number(
            GAIN_TARGET[hz],
            f"Real-ear gain target {hz} Hz",
            f"Gain cible in vivo {hz} Hz",
            "dB",
            (0, 80),
        )
        for hz in TARGETS_HZ
    ),
    *(
        _number(
            GAIN_MEASURED[hz],
            f"Real-ear gain measured {hz} Hz",
            f"Gain mesuré in vivo {hz} Hz",
            "dB",
            (0, 80),
        )
        for hz in TARGETS_HZ
    ),
    _number(HOURS_WORN, "Hearing aid hours a day", "Port quotidien", "h", (0, 24)),
    _number(SATISFACTION, "Satisfaction", "Satisfaction", "/10", (0, 10)),
)
"""What an audioprosthesis centre writes down besides thresholds and vital signs."""
