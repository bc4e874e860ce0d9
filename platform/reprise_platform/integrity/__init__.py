"""Is an OpenMRS database sound? The questions a restore must be asked, in SQL.

The same queries run on the stand-in and on a real OpenMRS 2.8: they name upstream's tables
and columns alone. They read; nothing here writes. `checks` holds what must never be,
`foreign` the keys that point nowhere, `presence` what a ledger says must be there, and
`contents` digests that two databases with the same clinical content share.

    python -m reprise_platform.integrity --host HOST --credentials FILE
"""
