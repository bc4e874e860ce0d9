"""`python -m reprise_platform.integrity`: ask a database, print what offends.

Exit code 0 when nothing does, 1 when something does, 2 when it could not be asked.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pymysql

from reprise_platform.integrity import checks, foreign
from reprise_platform.integrity.contents import contents
from reprise_platform.integrity.questions import ask


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m reprise_platform.integrity", description=__doc__
    )
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, default=3306)
    parser.add_argument("--database", default="openmrs")
    parser.add_argument(
        "--credentials",
        type=Path,
        required=True,
        help="JSON file: username, password; a user that can read is enough",
    )
    parser.add_argument("--json", action="store_true", help="all answers, as JSON")
    given = parser.parse_args(arguments)
    try:
        login = json.loads(given.credentials.read_text(encoding="utf-8"))
        with pymysql.connect(
            host=given.host,
            port=given.port,
            user=login["username"],
            password=login["password"],
            database=given.database,
            charset="utf8mb4",
            connect_timeout=10,
        ) as connection:
            every = (*checks.CHECKS, *foreign.checks(connection))
            found = ask(connection, every)
            held = contents(connection)
    except (OSError, KeyError, ValueError, pymysql.err.MySQLError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if given.json:
        answer = {
            "findings": [dataclasses.asdict(each) for each in found],
            "contents": [dataclasses.asdict(each) for each in held],
        }
        print(json.dumps(answer, indent=2))
    else:
        for each in found:
            if not each.is_sound:
                print(f"{each.offences:7}  {each.check}: not so that {each.says}")
                print(f"         {', '.join(each.examples)}")
        for kind in held:
            print(f"{kind.rows:9} {kind.kind}: {kind.digest[:16]}")
    return 0 if all(each.is_sound for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
