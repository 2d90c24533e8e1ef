"""What can go wrong in the words of the plant: one type per reaction a caller may have (house-style 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn, Self

from django.utils.translation import gettext as _


class DomainError(Exception):
    """A refusal that a person or a program can understand and act on.

    `code` is stable and lower_snake; `status` the HTTP status; `detail` says what was refused, why and what
    would be accepted; `errors` maps a field to its sentences; `extra` holds further members of the problem
    document.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Refused"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Mapping[str, Sequence[str]] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem_code = code or self.code
        self.errors = {field: list(sentences) for field, sentences in (errors or {}).items()}
        self.extra = extra


class Invalid(DomainError):
    """Input that can never be accepted as it is."""

    code, status, title = "invalid", 400, "Not accepted"


class NotFound(DomainError):
    """Not there, or not for this reader: both are one answer (house-style 5)."""

    code, status, title = "not_found", 404, "Not found"

    def __init__(self, detail: str = "There is nothing here that you may see.") -> None:
        super().__init__(detail)


class Refused(DomainError):
    """The reader may see the record, but the step belongs to another role (21 CFR 11.10(g))."""

    code, status, title = "refused", 403, "Refused"


class InvalidTransition(DomainError):
    """The step does not start from the record's present state (21 CFR 11.10(f))."""

    code, status, title = "invalid_transition", 409, "Not possible now"


class Conflict(DomainError):
    """Another record or request stands in the way."""

    code, status, title = "conflict", 409, "Conflict"


class StaleVersion(DomainError):
    """The record has moved on since it was read; `extra["version"]` is the present one."""

    code, status, title = "stale_version", 412, "Changed meanwhile"


class VersionMissing(DomainError):
    """A change was asked for without saying which version was seen."""

    code, status, title = "version_required", 428, "Version required"


class TooLarge(DomainError):
    """More than the stated limit."""

    code, status, title = "too_large", 413, "Too large"


class Unprocessable(DomainError):
    """The same idempotency key came with another body."""

    code, status, title = "idempotency_mismatch", 422, "Key used before"


class Unavailable(DomainError):
    """Contention or an outage that passes with time."""

    code, status, title = "unavailable", 503, "Try again"


class KeyUnavailable(Unavailable):
    """Private words or files can be neither read nor written: their key is gone, or cannot be reached.

    `reason` is for the log: which part said so.
    """

    code = "key_away"

    def __init__(self, detail: str, *, code: str, reason: str = "") -> None:
        super().__init__(detail, code=code)
        self.reason = reason

    @classmethod
    def gone(cls, reason: str) -> Self:
        """Say that the key is not here, and that waiting does not bring it back."""
        detail = _(
            "The key that seals these private words and files is not here. "
            "Nothing was changed; whoever runs this installation must bring the key back."
        )
        return cls(detail, code="key_gone", reason=reason)

    @classmethod
    def away(cls, reason: str) -> Self:
        """Say that the key service does not answer."""
        detail = _(
            "The service that holds the keys of private words and files does not answer. "
            "Nothing was changed; try again in a minute."
        )
        return cls(detail, code="key_away", reason=reason)

    def again(self) -> Self:
        """Return the same refusal to be raised once more."""
        return type(self)(self.detail, code=self.problem_code, reason=self.reason)


def refuse_field(field: str, detail: str, *, code: str | None = None) -> NoReturn:
    """Raise Invalid with what would be accepted in one field."""
    raise Invalid(detail, code=code, errors={field: [detail]})
