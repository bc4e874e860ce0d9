"""Everything of a site in one archive, without its secrets."""
