"""`python3 -m reprise_platform.standin serve | migrate`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading

from reprise_platform.standin import logs, server
from reprise_platform.standin.settings import SettingsError, read_settings


def main() -> int:
    """Run one command; the settings are in the environment."""
    parser = argparse.ArgumentParser(
        prog="reprise_platform.standin", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="migrate, then serve until SIGTERM")
    commands.add_parser(
        "migrate", help="put schema and metadata in place, any number of times"
    )
    arguments = parser.parse_args()
    logs.start()
    log = logging.getLogger("reprise_platform.standin")
    try:
        settings = read_settings(os.environ)
        if arguments.command == "serve":
            server.serve(settings)
        else:
            database, pool = server.open_database(settings)
            server.migrate_when_there(database, settings, threading.Event())
            pool.close()
    except SettingsError as error:
        log.error("environment: %s", error)  # noqa: TRY400 - the message says it all
        return 2
    except server.StartError as error:
        log.error("%s", error)  # noqa: TRY400
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
