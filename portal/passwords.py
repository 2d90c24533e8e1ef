"""Passwords that are long and still easily guessed (ASVS 6.2): what the list of common ones does not hold."""

from __future__ import annotations

import re
from typing import Any, Final

from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.errors import Invalid
from portal.models import Person

DIFFERENT_MIN: Final = 5
_ROWS: Final = ("qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "abcdefghijklmnopqrstuvwxyz")
RUNS: Final = tuple(run for row in (*_ROWS, "1234567890" * 3) for run in (row * 2, row[::-1] * 2))


class NotGuessable:
    """Refuse what only looks long: one piece over and over, a run of keys, a common password dressed up."""

    def __init__(self) -> None:
        """Read the list of common passwords."""
        self._common = CommonPasswordValidator().passwords

    def validate(self, password: str, _person: Any = None) -> None:
        """Raise ValidationError when it is one of these."""
        plain = re.sub(r"[\W_]+", "", password.lower())
        core = plain.strip("0123456789")
        piece = plain[: (plain + plain).find(plain, 1)] if plain else ""
        is_weak = (
            len(set(plain)) < DIFFERENT_MIN
            or piece != plain
            or core in self._common
            or core == ""
            or any(plain in run for run in RUNS)
        )
        if is_weak:
            raise ValidationError(
                _("This is long but easily guessed. A few words that do not belong together do well."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("No repetition, no row of keys, no common password with figures around it.")


def check_password(password: str, person: Person) -> None:
    """Raise Invalid, in words, unless the password may be the person's."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Invalid("The password is not accepted.", errors={"password": error.messages}) from error
