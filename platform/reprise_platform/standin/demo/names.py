"""Words that synthetic people are made of; none can be a real person's.

The family name carries a mark no family bears, telephone numbers come from the ranges ARCEP
keeps for fiction (decision 2018-0881: 01 99 00 xx xx, 06 39 98 xx xx), the town and its
postal code do not exist. The load's patients are drawn from the same words.
"""

from __future__ import annotations

from typing import Final

MARK: Final = "Exercice"
"""Ends every synthetic family name, so that clinicians and clean-up see it at once."""

TOWN: Final = f"Ville-{MARK}"
POSTAL_CODE: Final = "00000"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILIES: Final = _words(
    "Aubry Barbier Benoît Bertrand Besson Blanchard Bonnet Boucher Bourgeois Brunet "
    "Caron Chevalier Colin Daniel Delmas Denis Dubois Dumont Dupuis Étienne Fabre Faure "
    "Fleury Fontaine Fournier François Gaillard Garnier Gauthier Gérard Girard Guérin "
    "Hamel Hubert Jacquet Joly Klein Lacroix Lambert Leclercq Lefèvre Legrand Lemaître "
    "Léonard Leroux Mallet Marchand Maréchal Marty Mercier Meunier Michaud Moreau Morin "
    "Noël Olivier Pascal Pelletier Perrin Picard Poirier Prévost Renard Rivière Roche "
    "Rousseau Royer Sauvage Schmitt Simonet Tessier Thévenet Vasseur Vidal Vincent"
)

GIVEN: Final = {
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

STREETS: Final = (
    "rue du Tympan",
    "allée du Limaçon",
    "place de l’Étrier",
    "impasse du Pavillon",
)

FICTION_PREFIXES: Final = ("019900", "063998")
