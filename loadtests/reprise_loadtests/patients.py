"""People who do not exist: synthetic French patients, the same for the same seed.

Nothing here can be a real person's. The family name carries a mark no family bears,
telephone numbers come from the ranges ARCEP keeps for fiction (decision 2018-0881:
01 99 00 xx xx, 06 39 98 xx xx), the town and its postal code do not exist, and there is
no NIR (social security number) at all, so none with a valid key.
"""

from __future__ import annotations

import dataclasses
import datetime
import random

MARK = "Exercice"
"""Ends every synthetic family name, so that clinicians and clean-up see it at once."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FAMILIES = _words(
    "Aubry Barbier Benoît Bertrand Besson Blanchard Bonnet Boucher Bourgeois Brunet "
    "Caron Chevalier Colin Daniel Delmas Denis Dubois Dumont Dupuis Étienne Fabre Faure "
    "Fleury Fontaine Fournier François Gaillard Garnier Gauthier Gérard Girard Guérin "
    "Hamel Hubert Jacquet Joly Klein Lacroix Lambert Leclercq Lefèvre Legrand Lemaître "
    "Léonard Leroux Mallet Marchand Maréchal Marty Mercier Meunier Michaud Moreau Morin "
    "Noël Olivier Pascal Pelletier Perrin Picard Poirier Prévost Renard Rivière Roche "
    "Rousseau Royer Sauvage Schmitt Simonet Tessier Thévenet Vasseur Vidal Vincent"
)

_GIVEN = {
    "F": _words(
        "Agnès Annick Bernadette Brigitte Catherine Chantal Christiane Claudine "
        "Colette Denise Éliane Françoise Geneviève Ginette Hélène Jacqueline Jeanne "
        "Josette Léa Louise Lucienne Madeleine Marguerite Maryse Mireille Monique "
        "Nicole Odette Paulette Simone Suzanne Thérèse Yvette Zoé"
    ),
    "M": _words(
        "Alain André Bernard Camille Claude Daniel Denis Émile Étienne Fernand Gérard "
        "Gilbert Guy Henri Jacques Jean Joël Lucien Louis Marcel Maurice Michel Noé "
        "Patrick Paul Philippe Pierre Raymond René Robert Roger Serge Yves"
    ),
}

_STREETS = (
    "rue du Tympan",
    "allée du Limaçon",
    "place de l’Étrier",
    "impasse du Pavillon",
)

_FICTION_PREFIXES = ("019900", "063998")

_NOT_BEFORE_YEAR, _MODE_YEAR, _NOT_AFTER_YEAR = 1926, 1948, 2018


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A synthetic patient. `birthdate` is a real calendar date, the rest is made up."""

    family: str
    given: str
    gender: str
    birthdate: datetime.date
    phone: str
    street: str
    town: str = f"Ville-{MARK}"
    postal_code: str = "00000"


def draw_patient(rng: random.Random) -> Patient:
    """Draw one patient; most were born around 1948, as a hearing centre's are."""
    gender = rng.choice("FM")
    year = round(rng.triangular(_NOT_BEFORE_YEAR, _NOT_AFTER_YEAR, _MODE_YEAR))
    birthdate = datetime.date(year, 1, 1) + datetime.timedelta(days=rng.randrange(365))
    return Patient(
        family=f"{rng.choice(_FAMILIES)}-{MARK}",
        given=rng.choice(_GIVEN[gender]),
        gender=gender,
        birthdate=birthdate,
        phone=f"{rng.choice(_FICTION_PREFIXES)}{rng.randrange(10_000):04d}",
        street=f"{rng.randint(1, 99)} {rng.choice(_STREETS)}",
    )
