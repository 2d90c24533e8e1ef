"""How the OpenAPI document names our two ways of speaking; loaded by the authentication classes' module."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by metaclass
    """A bearer key."""

    target_class = "portal.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme of `Authorization: Bearer`."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by metaclass
    """The session cookie of a page of ours, with its CSRF token."""

    target_class = "portal.api.authentication.SignedIn"
    name = "session"
    cookie: ClassVar[str] = "sessionid"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme of the cookie."""
        return {"type": "apiKey", "in": "cookie", "name": self.cookie}
