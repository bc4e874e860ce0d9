"""A stand-in for OpenMRS: its REST contract over its own tables, nothing else of it.

It serves where OpenMRS's image cannot be assumed; one chart value replaces it. Python
3.11 and Debian 12's Flask, waitress and PyMySQL only: the image holds nothing newer.

Search is plain SQL in this version, so a restored database needs no index rebuilt.
"""
