#!/usr/bin/env python3
"""Every command of Covalent: `up`, `test`, `replay`, `verify`, `bench` and Django's own."""

import os
import sys


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  the first command meets whatever Python there is
        raise SystemExit("Covalent needs Python 3.11 or later; this is " + sys.version.split()[0])
    if sys.argv[1:2] == ["verify"]:
        from portal.offline.verify_export import main as verify

        raise SystemExit(verify(sys.argv[2:]))
    from config.bootstrap.entering import enter
    from config.bootstrap.places import Places

    places = Places()
    enter(sys.argv, places)
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command == "prepare":
        return
    if command == "test":
        from config.bootstrap.checks import run_checks

        raise SystemExit(run_checks(sys.argv[2:], places))
    if command == "up":
        from config.supervisor.up import up

        raise SystemExit(up(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    from config.supervisor.surroundings import adopt_running

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    adopt_running(command)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
