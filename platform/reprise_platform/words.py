"""What the platform's commands say, in English and in French."""

from __future__ import annotations

from typing import Final

from reprise_pra.analysis.results import Text

DESCRIPTION: Final = Text(
    fr="Un vrai Kubernetes multi-zones et son site de secours, sur cette machine.",
    en="A real multi-zone Kubernetes with a recovery site, on this machine.",
)
COMMANDS: Final = {
    "up": Text(
        fr="monte un site, ou complète celui qui l'est à moitié",
        en="bring a site up, or complete one that is half up",
    ),
    "status": Text(
        fr="dit ce qui fonctionne et ce qui ne fonctionne pas, et pourquoi",
        en="say what works and what does not, and why",
    ),
    "down": Text(
        fr="démonte un site, quel que soit son état ; n'en laisse rien",
        en="take a site down from any state; leaves nothing of it",
    ),
    "doctor": Text(
        fr="dit ce que la machine a, ce qui lui manque, pourquoi, et que faire",
        en="say what this machine has, lacks, why it matters, what to do",
    ),
    "logs": Text(
        fr="rassemble tout ce qui concerne un site dans une archive, sans secret",
        en="gather everything of a site into one archive, without secrets",
    ),
}
OPERATE: Final = {
    "power": Text(
        fr="coupe le courant de machines, ou le rend",
        en="cut the power of machines, or give it back",
    ),
    "zone": Text(
        fr="isole une zone des autres, ou l'y rattache",
        en="cut a zone off from the others, or join it again",
    ),
    "fence": Text(
        fr="empêche le site principal de servir ou de sauvegarder",
        en="keep the primary from serving or writing backups again",
    ),
    "switch": Text(
        fr="envoie les centres vers un site", en="send the clinics to a site"
    ),
    "volumes": Text(
        fr="refait les volumes du site de secours, ou les supprime",
        en="make the recovery's volumes anew, or drop them",
    ),
}
SITE_FILE: Final = Text(
    fr="fichier du site (%(default)s)", en="site file (%(default)s)"
)
NAME: Final = Text(
    fr="nom du site, à la place de celui du fichier",
    en="name of the site, instead of the file's",
)
LANGUAGE: Final = Text(fr="langue (%(default)s)", en="language (%(default)s)")
JSON: Final = Text(fr="écrit du JSON", en="print JSON")
OUTPUT: Final = Text(
    fr="archive à écrire (reprise-NOM-DATE.tar.gz)",
    en="archive to write (reprise-NAME-DATE.tar.gz)",
)
EPILOG: Final = Text(
    fr="""\
exemples :
  python -m reprise_platform up                    le site de platform/sites/embedded.yaml
  python -m reprise_platform up --name second      un autre, à côté
  python -m reprise_platform status --json         pour des programmes
  python -m reprise_platform logs                  pour demander de l'aide
  python -m reprise_platform down                  n'en laisse rien
  python -m reprise_platform doctor                cette machine peut-elle porter un site ?
  python -m reprise_platform power off a1          comme la main à l'interrupteur
  python -m reprise_platform cache --unused-days 30   rend de la place

codes de sortie : 0 fait (status : tout fonctionne ; doctor : rien n'empêche),
1 non (le message dit que tenter), 2 mauvais arguments""",
    en="""\
examples:
  python -m reprise_platform up                    the site of platform/sites/embedded.yaml
  python -m reprise_platform up --name second      another one beside it
  python -m reprise_platform status --json         for programs
  python -m reprise_platform logs                  to ask somebody for help
  python -m reprise_platform down                  leaves nothing of it
  python -m reprise_platform doctor                can this machine hold a site?
  python -m reprise_platform power off a1          as a hand at the switch would
  python -m reprise_platform cache --unused-days 30   gives room back

exit codes: 0 done (status: everything works; doctor: nothing is in the way),
1 not (the message says what to try), 2 bad arguments""",
)
INTERRUPTED: Final = Text(
    fr="interrompu ; `up` complète, `down` efface",
    en="interrupted; `up` completes, `down` cleans",
)
FRONT_DOOR: Final = Text(fr="porte d'entrée", en="front door")
LOGIN: Final = Text(fr="identifiants des centres", en="clinic's login")
WRITTEN: Final = Text(
    fr="archive sans secrets : {} ({:.1f} Mo)",
    en="archive without secrets: {} ({:.1f} MB)",
)
