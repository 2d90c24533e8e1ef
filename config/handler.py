"""How the web process runs a request: files on the event loop, everything else whole in one thread."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware


class Handler(ASGIHandler):
    """Django's handler with a synchronous chain.

    Middleware and views of ours are synchronous. In an asynchronous chain each change from one kind to the
    other is a hop between threads; ten of them cost a third of a short request.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        """Build the chain for one thread, the files before it."""
        super().load_middleware(is_async=False)
        self._files = ServeStaticMiddleware(sync_to_async(self.get_response))

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with a file, else by the chain."""
        response: HttpResponseBase = await self._files(request)
        return response
