"""From a run's history to its verdicts: pure functions, recomputable on a stored run."""
