"""The drill, its history, and what follows from it: marks, measurements, verdicts."""
