"""`python3 -m reprise_platform.standin serve | migrate | seed`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading

from reprise_platform.standin import logs, server
from reprise_platform.standin.demo import command as seed_command
from reprise_platform.standin.demo.metadata import SeedingRefusedError
from reprise_platform.standin.demo.seeding import Wanted
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
    demo = commands.add_parser(
        "seed", help="migrate, then put synthetic patients in; goes on after a kill"
    )
    demo.add_argument("--patients", type=int, required=True, help="1 to 1000000")
    demo.add_argument("--seed", type=int, required=True, help="the same, the same data")
    arguments = parser.parse_args()
    logs.start()
    log = logging.getLogger("reprise_platform.standin")
    try:
        settings = read_settings(os.environ)
        if arguments.command == "serve":
            server.serve(settings)
            return 0
        database, pool = server.open_database(settings)
        server.migrate_when_there(database, settings, threading.Event())
        pool.close()
        if arguments.command == "seed":
            wanted = Wanted(patients=arguments.patients, seed=arguments.seed)
            seed_command.run(settings, wanted)
    except SettingsError as error:
        log.error("environment: %s", error)  # noqa: TRY400 - the message says it all
        return 2
    except (server.StartError, SeedingRefusedError) as error:
        log.error("%s", error)  # noqa: TRY400
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
