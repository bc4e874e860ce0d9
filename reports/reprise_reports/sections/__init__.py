"""The parts of a report, one a module, each a pure function of a `Case`."""
