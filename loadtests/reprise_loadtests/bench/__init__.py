"""Benches of the load's own instruments: the prober's edges, what a load costs.

python -m reprise_loadtests.bench prober
python -m reprise_loadtests.bench load
"""
