"""How the web process takes a request: its size first, then files, then the rest whole in one thread."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import IO, Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware

from portal.api.problems import problem_response

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Of a form beside its file.
FIELDS_BYTES_MAX: Final = 65_536
FILE_BYTES_MAX: Final = settings.ATTACHMENT_BYTES_MAX + FIELDS_BYTES_MAX
BODY_BYTES_MAX: Final = {"/readings/": settings.FRAME_BYTES_MAX, "/attachments/": FILE_BYTES_MAX}
BODY_BYTES_DEFAULT: Final = 1024 * 1024


class BodyTooLargeError(Exception):
    """More came than the address takes."""


class Handler(ASGIHandler):
    """Django's handler with a synchronous chain, and a limit that holds before a body is kept (ground 8).

    Middleware and views of ours are synchronous. In an asynchronous chain each change from one kind to the
    other is a hop between threads; ten of them cost a third of a short request.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        """Build the chain for one thread, the files before it."""
        super().load_middleware(is_async=False)
        self._files = ServeStaticMiddleware(sync_to_async(self.get_response))

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or say how much its address takes."""
        headers = dict(scope["headers"])
        most, length = body_bytes_max(scope["path"], headers), headers.get(b"content-length", b"")
        came = int(length) if length.isdigit() else 0
        try:
            await super().handle(scope, _limited(receive, most, came), send)
        except BodyTooLargeError:
            detail = f"This address takes at most {most} bytes in one request."
            refusal = problem_response(413, "too_large", detail, limit=most)
            # What is still on its way is not waited for.
            refusal["Connection"] = "close"
            await self.send_response(refusal, send)

    def create_request(self, scope: Message, body_file: IO[bytes]) -> Any:
        """Make the request; a body that came in chunks has a length by now."""
        made = super().create_request(scope, body_file)
        if made[0] is not None and "CONTENT_LENGTH" not in made[0].META:
            made[0].META["CONTENT_LENGTH"] = str(body_file.seek(0, os.SEEK_END))
            body_file.seek(0)
        return made

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with a file, else by the chain."""
        response: HttpResponseBase = await self._files(request)
        return response


def body_bytes_max(path: str, headers: Mapping[bytes, bytes]) -> int:
    """Return how many bytes an address takes."""
    most = next((most for part, most in BODY_BYTES_MAX.items() if part in path), BODY_BYTES_DEFAULT)
    is_form = b"multipart/form-data" in headers.get(b"content-type", b"")
    return max(most, FILE_BYTES_MAX) if is_form else most


def _limited(receive: Receive, most: int, announced: int) -> Receive:
    """Receive no more than `most` bytes, and nothing at all when more are announced."""
    came = 0

    async def counted() -> Message:
        nonlocal came
        if announced > most:
            raise BodyTooLargeError
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise BodyTooLargeError
        return message

    return counted
