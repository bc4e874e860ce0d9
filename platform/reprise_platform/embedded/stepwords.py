"""What a site's steps are called in French; their own names are the English ones.

A step's name is also what `up.json` and a failure keep: the same in every language.
"""

from __future__ import annotations

from typing import Final

from reprise_pra.analysis.results import Text

FAILED: Final = Text(fr="échec après", en="failed after")
STEP: Final = Text(fr="étape", en="step")
SECONDS: Final = Text(fr="secondes", en="seconds")
ALL: Final = Text(fr="tout", en="all")
_FRENCH: Final = {
    "host tools": "outils de cette machine",
    "compiled servers, Debian roots and images (cached)": (
        "serveurs compilés, racines Debian et images (en cache)"
    ),
    "addresses, keys and secrets": "adresses, clés et secrets",
    "network": "réseau",
    "machines": "machines",
    "control planes": "plans de contrôle",
    "database, application, backup store and Velero asked for": (
        "base, application, dépôt de sauvegarde et Velero demandés"
    ),
    "nodes ready": "nœuds prêts",
    "a clinical operation through the front door": (
        "une opération clinique par la porte d'entrée"
    ),
    "root of the machines": "racine des machines",
    "root of the observability machine": "racine de la machine d'observation",
    "images unpacked once for every node": "images dépliées une fois pour tous les nœuds",
    "processes": "processus",
    "links and network namespaces": "liens et espaces de noms réseau",
    "mounts": "montages",
    "disks": "disques",
    "cgroups": "cgroups",
    "files": "fichiers",
    "everything that the site file names": "tout ce que nomme le fichier du site",
}
_BEGINNINGS: Final = {"servers: ": "serveurs : ", "image: ": "image : "}


def step_name(name: str) -> Text:
    """Return what a step is called; one that is not known here keeps its name."""
    bare = name.lstrip()
    indent = name[: len(name) - len(bare)]
    for english, french in _BEGINNINGS.items():
        if bare.startswith(english):
            return Text(fr=indent + french + bare.removeprefix(english), en=name)
    return Text(fr=indent + _FRENCH.get(bare, bare), en=name)
