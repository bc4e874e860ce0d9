"""Names of the history's identifiers in both languages; an unknown one stays as it is."""

from __future__ import annotations

from reprise_pra.analysis.results import Text

_PHASES = {
    "provision": Text(fr="mise en place du site", en="site provisioned"),
    "preflight": Text(fr="contrôles préalables", en="preflight checks"),
    "baseline": Text(fr="régime établi", en="baseline"),
    "wait_backups": Text(fr="attente des sauvegardes", en="waiting for backups"),
    "disaster": Text(fr="sinistre", en="disaster"),
    "detect": Text(fr="détection", en="detection"),
    "decide": Text(fr="décision", en="decision"),
    "prepare": Text(fr="préparation du site de secours", en="recovery site prepared"),
    "restore": Text(fr="restauration", en="restore"),
    "start": Text(fr="démarrage", en="start-up"),
    "switch": Text(fr="bascule", en="switch"),
    "observe": Text(fr="observation du service", en="service observed"),
    "reconcile": Text(fr="rapprochement des écritures", en="writes reconciled"),
    "clean": Text(fr="remise en état", en="clean-up"),
}

_CLASSES = {
    "read": Text(fr="lecture", en="read"),
    "write": Text(fr="écriture", en="write"),
}

_FAULTS = {
    "power_off_node": Text(fr="arrêt brutal d'un nœud", en="node powered off"),
    "isolate_zone": Text(fr="isolement d'une zone", en="zone isolated"),
    "power_off_site": Text(fr="perte du site principal", en="primary site lost"),
}

_CAPABILITIES = {
    "power_off": Text(fr="coupure du courant", en="power off"),
    "power_on": Text(fr="retour du courant", en="power on"),
    "isolate_zone": Text(fr="isolement d'une zone", en="zone isolated"),
    "restore_zone": Text(fr="zone rattachée", en="zone joined again"),
    "power_off_primary": Text(
        fr="coupure du site principal", en="primary site powered off"
    ),
    "fence_primary": Text(
        fr="mise à l'écart du site principal", en="primary site fenced"
    ),
    "switch": Text(fr="bascule de la porte d'entrée", en="front door switched"),
    "make_recovery_volumes": Text(
        fr="volumes de secours refaits", en="recovery volumes made"
    ),
    "drop_recovery_volumes": Text(
        fr="volumes de secours supprimés", en="recovery volumes dropped"
    ),
}

_WAYS = {
    "none": Text(fr="aucun moyen", en="no way"),
    "manual": Text(fr="par une personne", en="by a person"),
    "command": Text(fr="par une commande du fournisseur", en="by a provider's command"),
    "kubernetes": Text(
        fr="approché par l'API de Kubernetes", en="approximated by Kubernetes' API"
    ),
    "provisioned": Text(fr="par la classe de stockage", en="by the storage class"),
}

_CHECKS = {
    "steady_state": Text(fr="régime établi", en="steady state"),
    "recovery_target_empty": Text(
        fr="cible de reprise vide", en="recovery target empty"
    ),
    "primary_unreachable": Text(
        fr="site principal injoignable", en="primary site unreachable"
    ),
    "site_kept": Text(fr="site conservé", en="site kept"),
    "residue": Text(fr="site remis en état", en="site left as it was"),
    "objectives_unchanged": Text(fr="objectifs inchangés", en="objectives unchanged"),
    "fault_observed": Text(fr="panne constatée", en="fault observed"),
    "backups_before_disaster": Text(
        fr="sauvegardes avant le sinistre", en="backups before the disaster"
    ),
    "recovery_key_proved": Text(fr="clé de secours éprouvée", en="escrowed key proved"),
}

_DECISIONS = {
    "activate the recovery site": Text(
        fr="activation du site de secours", en="activate the recovery site"
    ),
}

STORES = {
    "database": Text(fr="base de données", en="database"),
    "attachments": Text(fr="pièces jointes", en="attachments"),
}

# As the platform's rule names them; the analysis itself sees phase, volumes and bytes.
_BACKUP_REASONS = {
    "hook_not_run": Text(
        fr="l'export n'a pas été lancé : celui qu'elle contient est plus ancien",
        en="its hook did not run: the dump in it is an older one",
    ),
    "hook_failed": Text(fr="l'export a échoué", en="its hook failed"),
    "volume_missing": Text(fr="volume absent", en="volume missing"),
    "volume_not_completed": Text(fr="volume inachevé", en="volume unfinished"),
    "volume_empty": Text(fr="volume vide", en="volume empty"),
    "volume_cut": Text(fr="volume tronqué", en="volume cut"),
}

MARKS = {
    "t0": Text(fr="t0, sinistre", en="t0, disaster"),
    "t1": Text(fr="t1, détection", en="t1, detection"),
    "t2": Text(fr="t2, activation décidée", en="t2, activation decided"),
    "t3": Text(fr="t3, site de secours prêt", en="t3, recovery site ready"),
    "t4": Text(fr="t4, restauration commencée", en="t4, restore started"),
    "t5": Text(fr="t5, restauration terminée", en="t5, restore finished"),
    "t6": Text(fr="t6, reprise technique", en="t6, technically up"),
    "t7": Text(fr="t7, service rétabli", en="t7, service restored"),
    "t8": Text(fr="t8, données rapprochées et validées", en="t8, data reconciled"),
    "t9": Text(fr="t9, retour à la normale", en="t9, back to normal"),
}


def backup_reason(reason: Text | None) -> Text:
    """Return why the drill ruled a backup out."""
    if reason is None:
        return Text(fr="écartée par l'exercice", en="ruled out by the drill")
    return _BACKUP_REASONS.get(reason.en, reason)


def decision_name(what: Text) -> Text:
    """Return what was decided, in both languages when it is a usual decision."""
    return _DECISIONS.get(what.en, what)


def phase_name(phase: str) -> Text:
    """Return the name of a phase; `continuity-2` is the second continuity fault."""
    if phase.startswith("continuity-"):
        number = phase.removeprefix("continuity-")
        return Text(
            fr=f"épreuve de continuité {number}", en=f"continuity fault {number}"
        )
    return _PHASES.get(phase, Text(fr=phase, en=phase))


def check_name(check: str) -> Text:
    """Return the name of a check; `continuity_x` is whether experiment x held."""
    if check.startswith("continuity_"):
        experiment = check.removeprefix("continuity_")
        return Text(
            fr=f"continuité de service, {experiment}",
            en=f"continuity of service, {experiment}",
        )
    return _CHECKS.get(check, Text(fr=check, en=check))


def capability_name(capability: str) -> Text:
    """Return the name of what only a site's provider can do."""
    return _CAPABILITIES.get(capability, Text(fr=capability, en=capability))


def way_name(way: str) -> Text:
    """Return the name of the way by which that was done."""
    return _WAYS.get(way, Text(fr=way, en=way))


def service_class_name(service_class: str) -> Text:
    """Return the name of a class of service that the probers tell apart."""
    return _CLASSES.get(service_class, Text(fr=service_class, en=service_class))


def store_name(store: str) -> Text:
    """Return the name of what keeps a kind of data."""
    return STORES.get(store, Text(fr=store, en=store))


def fault_name(fault: str) -> Text:
    """Return the name of a fault."""
    return _FAULTS.get(fault, Text(fr=fault, en=fault))
