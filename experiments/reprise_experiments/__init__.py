"""Faults: injected, seen to take, undone, seen to be undone; and what guarantees the undo.

- `targets`    who is hit: named before anything is done, within a blast radius
- `ledger`     what undoes a fault, on disk before the fault
- `lease`      the process that undoes what a dead or late runner left (`lessee`: its tenant)
- `faults`     one fault a file, its undo beside it
- `nemesis`    inject and undo, in the one order that cannot leak
- `actions`, `probes`, `controls`   what the Chaos Toolkit experiments call
- `gate`       turns the Chaos Toolkit's silent passes into errors
- `run`        an experiment as the drill runs it
"""
