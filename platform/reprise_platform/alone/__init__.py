"""A clinic without a site: one MariaDB and stand-in processes on this machine's loopback.

For tests, for benches, and for who writes the stand-in: no cluster, no root. The server is
the one of our own image, taken out of its archive and run as a plain process.
"""
