"""A whole drill by hand: everything in its place, so that a test can take one thing away.

```
  0 provision  5 preflight  10 baseline (load from 10)  70 continuity-1 (node down 75-85)
 95 wait_backups  120 t0  128 t1  129 t2  140 t3  141 t4  160 t5  180 t6  185 back
185 observe  245 reconcile  250 t8 clean  255 t9
```
Backups hold what was acknowledged by 40 and by 100; the second one is restored, so the
writes acknowledged from 100 to 120 are lost and the RPA is a little more than 20 s.
"""

from __future__ import annotations

import itertools

from reprise_pra.analysis.testing import LOAD, Script, Written
from reprise_pra.history import JsonValue, Kind

T0_S = 120.0
SNAPSHOT_S = 100.0
CUT_S = 120.5
BACK_S = 185.0
LOAD_S = (10.0, 240.0)

_PHASES = (
    ("provision", 0, 5),
    ("preflight", 5, 10),
    ("baseline", 10, 70),
    ("continuity-1", 70, 95),
    ("wait_backups", 95, 119.9),
    ("disaster", 119.9, 121),
    ("detect", 121, 128),
    ("decide", 128, 129),
    ("prepare", 129, 140),
    ("restore", 140, 160),
    ("start", 160, 180),
    ("switch", 180, 184),
    ("observe", 185, 242),
    ("reconcile", 245, 250),
    ("clean", 250, 256),
)
_MARKS = (
    ("t0", T0_S),
    ("t1", 128),
    ("t2", 129),
    ("t3", 140),
    ("t4", 141),
    ("t5", 160),
    ("t6", 180),
    ("t8", 250),
    ("t9", 255),
)


def nominal_drill(
    *,
    snapshot_s: float = SNAPSHOT_S,
    back_s: float = BACK_S,
    every_s: float = 1.0,
    probe_period_s: float = 0.5,
) -> Script:
    """Write the drill of this module's timetable.

    Args:
        snapshot_s: what was acknowledged later and before t0 is lost; the older backup is
            restored when it is before the newer one's.
        back_s: from when the users' operations succeed again.
        every_s: between two arrivals; longer ones make a shorter history.
        probe_period_s: between two probes of one prober.
    """
    script = Script()
    for name, start_s, end_s in _PHASES:
        script.phase(name, start_s, end_s)
    for name, at_s in _MARKS:
        script.mark(name, at_s, f"detail of {name}")
    script.event(
        "drill",
        Kind.OK,
        "decision",
        {"what": "activate the PRA", "who": "plan"},
        at_s=129,
    )
    script.backup("b1", snapshot_s=40, completed_s=46)
    script.backup("b2", snapshot_s=SNAPSHOT_S, completed_s=107)
    chosen = "b2" if snapshot_s >= SNAPSHOT_S else "b1"
    script.event("drill", Kind.OK, "backup_chosen", {"name": chosen}, at_s=140)
    restored: JsonValue = {
        "volume": "dump",
        "phase": "Completed",
        "bytes_done": 1000,
        "bytes_total": 1000,
    }
    script.pair(
        "drill",
        "restore",
        {"name": "r1", "backup": chosen, "wave": "volumes"},
        start_s=141,
        end_s=160,
        said={"phase": "Completed", "errors": 0, "warnings": 0, "volumes": [restored]},
    )
    script.pair("drill", "switch", {"to": "recovery"}, start_s=181, end_s=184)
    script.check("steady_state", 65)
    script.check("continuity_node-loss", 94)
    script.check("residue", 96)
    script.check("recovery_key_proved", 110)
    script.check("primary_unreachable", 126)
    script.check("recovery_target_empty", 139)
    script.check("objectives_unchanged", 249)
    script.fault("power_off_node", inject_s=75, taken_s=77, undo_s=85, undone_s=88)
    script.fault(
        "power_off_site", inject_s=T0_S, taken_s=124, targets=("a1", "b1", "c1")
    )
    watched(script, 10)
    script.alert("firing", 128, since_s=CUT_S)
    script.alert("resolved", 192, since_s=186)
    script.closed("sentinel", 243)
    _probes(script, back_s, probe_period_s)
    for written, kind, acknowledged_s in _load(script, back_s, every_s):
        is_lost = snapshot_s < acknowledged_s < CUT_S or kind is not Kind.OK
        script.final_read(written, at_s=246, found=not is_lost)
    return script


def _probes(script: Script, back_s: float, period_s: float) -> None:
    for service_class, index in itertools.product(("read", "write"), (0, 1)):
        process = f"prober-{service_class}-{index}"
        at_s = LOAD_S[0] - 1 + index * period_s / 2
        while at_s < LOAD_S[1] + 2:
            is_up = not CUT_S <= at_s < back_s
            script.probe(
                process,
                at_s,
                outcome="ok" if is_up else "timeout",
                latency_s=0.002 if is_up else 0.3,
            )
            at_s += period_s
        script.closed(process, LOAD_S[1] + 3)


def watched(script: Script, at_s: float, **said: bool) -> Script:
    """Append that FrontDoorDown is watched from here on, or (kept=False) no more."""
    value: dict[str, JsonValue] = {"alert": "FrontDoorDown", **said}
    return script.event("sentinel", Kind.OK, "watch", value, at_s=at_s)


def _load(
    script: Script, back_s: float, every_s: float
) -> list[tuple[Written, Kind, float]]:
    """Play the arrivals, journeys in turn; return what was written and when."""
    start_s, end_s = LOAD_S
    script.event(
        LOAD,
        Kind.OK,
        "schedule",
        {"seed": 1, "rate_per_s": 1 / every_s, "planned": 3600},
        at_s=start_s - 0.25,
    )
    writes = []
    count = round((end_s - start_s) / every_s)
    for instance in range(1, count + 1):
        at_s = start_s + (instance - 1) * every_s
        journey = ("register", "consult")[instance % 2]
        script.arrival(instance, journey, at_s)
        kind = Kind.INFO if CUT_S <= at_s < back_s else Kind.OK
        names = ["login", "read_known_patient", "search"]
        for step, name in enumerate(names):
            script.operation(
                journey, name, at_s + 0.1 * step, kind=kind, instance=instance
            )
        if journey == "register":
            written = Written(uuid=f"patient-{instance}")
            script.operation(
                journey,
                "register_patient",
                at_s + 0.3,
                kind=kind,
                instance=instance,
                write=written,
            )
            writes.append((written, kind, at_s + 0.35))
            script.operation(
                journey, "read_back", at_s + 0.4, kind=kind, instance=instance
            )
    script.closed(
        LOAD, end_s + 1, planned=count, arrived=count, turned_away=0, crashed=0
    )
    return writes
