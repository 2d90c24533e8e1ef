"""Work in a forked process: it has what this one imported, and may be killed."""

import os
import signal
import sys
import traceback

from django.db import connections

PATIENCE_S = 60


def in_child(call):
    """The exit code of a forked process that makes a call; it has connections of its own."""
    # A connection that both had would be closed under this one when the child ends.
    connections.close_all()
    for each in connections.all():
        if getattr(each, "pool", None) is not None:
            each.close_pool()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            # Who hangs is ended by its own alarm.
            signal.alarm(PATIENCE_S)
            call()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - what a child met is told where the parent's output goes
            traceback.print_exc()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def script_in_child(script):
    """The exit code of a forked process that runs a script."""
    return in_child(lambda: exec(script, {}))  # noqa: S102 - the tests' own words
