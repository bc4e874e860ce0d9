"""A database as if the network had worked for years: synthetic people, their audiograms.

Any number of patients, the same for the same seed: those of a small database are the first
of a larger one. Rows are written in the order of keys laid out beforehand, so a block can
be made again at any time, and a seeding that was killed goes on where it was.
"""
