"""What a comparison came to, in words and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.core.management.base import BaseCommand

from config.keeping.outside import Verdict

AGREES: Final = 0
CONTRADICTS: Final = 2
NOT_COMPARED: Final = 3


def outcome(verdicts: Sequence[Verdict], has_held: bool, command: BaseCommand) -> int:  # noqa: FBT001 - one fact
    """Say every verdict, then the sum of them; returns the exit code."""
    for each in verdicts:
        if each.fault:
            command.stderr.write(command.style.ERROR(f"  {each.fault.upper():<8}{each.text}"))
        else:
            command.stdout.write(f"  ok      {each.text}")
    faults = sorted({each.fault for each in verdicts if each.fault})
    if faults:
        command.stderr.write(
            f"CONTRADICTED ({', '.join(faults)}): this is not what was sealed or what others know. Let nobody"
            " work on it before both parties have decided."
        )
        return CONTRADICTS
    if not has_held:
        command.stderr.write(
            "NOT COMPARED with anything kept outside: the ledger agrees with itself only, which an older or"
            " rewritten one does too. Give --checkpoints."
        )
        return NOT_COMPARED
    command.stdout.write("AGREES: every checkpoint that was kept outside is of this ledger.")
    return AGREES
