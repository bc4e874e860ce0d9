"""The remote provider: a site that is there already, known by its file alone."""
