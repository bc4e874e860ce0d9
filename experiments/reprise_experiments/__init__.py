"""Faults: injected, seen to take, undone, seen to be undone; and what guarantees the undo."""
