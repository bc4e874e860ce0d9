"""Verdicts become a document that a director reads and an auditor recomputes."""
