"""The drill: its plan, its phases in order, and the run folder it leaves."""
