"""Every fault of the API as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any, Final

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.defaults import page_not_found
from rest_framework import exceptions
from rest_framework.response import Response

from portal.blobs import BlobDamagedError
from portal.errors import DomainError, NotFound, StaleVersion, Unavailable
from portal.tree import TreeIncompleteError

API: Final = "/api/"
TITLES: Final = {
    400: "Not accepted",
    401: "Not signed in",
    403: "Refused",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Media type not supported",
    422: "Key used before",
    428: "Version required",
    429: "Too many requests",
    500: "Our fault",
    503: "Try again",
}
log = structlog.get_logger(__name__)


def problem(status: int, code: str, detail: str, *, errors: Any = None, **extra: Any) -> dict[str, Any]:
    """Return a problem document."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Problem"), "status": status, "code": code}
    body["detail"] = detail
    if errors:
        body["errors"] = errors
    return body | extra


def _flat(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Return DRF's nested detail as field path -> sentences."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, each in detail.items():
            found |= _flat(each, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(each, (dict, list)) for each in detail):
        found = {}
        for index, each in enumerate(detail):
            found |= _flat(each, f"{path}[{index}]")
        return found
    sentences = detail if isinstance(detail, list) else [detail]
    return {path or "body": [str(each) for each in sentences]} if sentences else {}


def of_error(error: Exception) -> tuple[dict[str, Any], dict[str, str]] | None:  # noqa: PLR0911 - one return a kind
    """Return the problem and headers of an error, None for a fault of ours."""
    match error:
        case DomainError():
            return _of_domain(error)
        case exceptions.ValidationError():
            errors = _flat(error.detail)
            detail = "; ".join(f"{field}: {' '.join(words)}" for field, words in errors.items())[:500]
            return problem(400, "invalid", detail, errors=errors), {}
        case exceptions.APIException():
            return _of_framework(error)
        case Http404():
            return problem(404, "not_found", NotFound().detail), {}
        case PermissionDenied():
            return problem(403, "refused", "This is not yours to do."), {}
        case OperationalError() | InterfaceError():
            detail = "The database is not answering; nothing was changed. Send it again."
            return problem(503, Unavailable.code, detail), {"Retry-After": "1"}
        case BlobDamagedError() | TreeIncompleteError():
            log.error("damaged", error=str(error))
            detail = (
                "What is kept here is not what was sealed, so it is handed out to nobody. Tell both parties."
            )
            return problem(500, "damaged", detail), {}
        case _:
            return None


def _of_domain(error: DomainError) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "1"
    if isinstance(error, StaleVersion):
        headers["ETag"] = f'"{error.extra["version"]}"'
    body = problem(error.status, error.problem_code, error.detail, errors=error.errors, **error.extra)
    return body, headers


def _of_framework(error: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "error"
    return problem(error.status_code, code, str(error.detail)), headers


def as_problem(error: Exception, context: Any) -> Response | None:
    """Turn any error of a view into a problem; unknown ones are logged and re-raised."""
    found = of_error(error)
    if found is None:
        return None
    body, headers = found
    return Response(body, status=body["status"], headers=headers, content_type="application/problem+json")


def problem_response(status: int, code: str, detail: str, **extra: Any) -> HttpResponse:
    """Return a problem outside DRF."""
    body = json.dumps(problem(status, code, detail, **extra))
    return HttpResponse(body, status=status, content_type="application/problem+json")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that is none: a problem under the API, a page elsewhere."""
    if not request.path.startswith(API):
        return page_not_found(request, exception)
    detail = NotFound().detail if request.path.endswith("/") else "Every address of the API ends in a slash."
    return problem_response(404, "not_found", detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a fault of ours without saying what it was."""
    return problem_response(
        500, "server_error", "A fault of ours; it has been noted. Nothing is known to be lost."
    )
