"""The Integrations page: is the link to other systems healthy? Webhooks, keys and what is sent in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import webhooks as keep
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.forms_webhooks import ReplayForm, WebhookForm
from portal.models import Program, Webhook, WebhookAttempt
from portal.pages import Page, PageRequest
from portal.queries.integrations import list_all_feeds, list_all_gateways, list_keys, looks_after_links
from portal.queries.webhooks import WebhookLine, get_webhook, list_attempts, list_webhooks, webhook_lines
from portal.states import WEBHOOK_TRANSITIONS, WebhookState
from portal.webhooks.keeping import programs_kept, reach_words, unreachable
from portal.webhooks.verdicts import ATTEMPTS_MAX

SHOWN_MAX: Final = 100
TRIES_SHOWN: Final = 25


class IntegrationsPage(Page):
    """Webhooks with their health, keys, feeds, and the form that sets a webhook up."""

    here: ClassVar[str] = "integrations"
    template_name: ClassVar[str] = "portal/integrations.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return what the reader looks after; feeds are everybody's."""
        actor, kept = request.actor, programs_kept(request.actor)
        hooks = webhook_lines(actor, list(list_webhooks(actor)[:SHOWN_MAX]))
        found = list_all_feeds(actor)
        return {
            "keeps": bool(kept),
            "looks_after": looks_after_links(actor),
            "hooks": [_line(each, kept) for each in hooks],
            "keys": list_keys(actor),
            "feeds": found,
            "gateways": list_all_gateways(actor),
            "shows_refused": any(each.refused is not None for each in found),
            "form": _form(kept),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Set up a webhook and show its secret, once."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = _form(programs_kept(asked.actor), asked.POST)
        if form is None:
            raise Refused(_("Webhooks are set up by the quality unit and by administrators with a seat."))
        made = _made(asked.actor, form) if form.is_valid() else None
        shown = _shown_once(made) if made is not None else {}
        with reading(asked.actor):
            if made is None:
                return self.show(asked, status=400, extra={"form": form})
            return self.show(asked, status=201, extra=shown)


def _form(kept: Mapping[UUID, Program], data: Any = None) -> WebhookForm | None:
    programs = [(str(each.pk), each.code) for each in kept.values()]
    return WebhookForm(data, programs=programs) if programs else None


def _made(actor: Actor, form: WebhookForm) -> Webhook | None:
    given = form.cleaned_data
    try:
        return keep.add_webhook(actor, UUID(given["program"]), url=given["url"], kinds=form.chosen_kinds())
    except (Refused, NotFound):
        raise
    except DomainError as error:
        explain(form, error)
        return None


def _shown_once(webhook: Webhook) -> dict[str, Any]:
    code = unreachable(str(webhook.url))
    return {
        "secret": str(webhook.secret),
        "secret_of": _host(webhook),
        "unreached": reach_words(code) if code else "",
    }


def _host(webhook: Webhook) -> str:
    """Return the host of an address; words in its place, when its key is away, as they are."""
    return urlsplit(str(webhook.url)).netloc or str(webhook.url)


def _line(line: WebhookLine, programs: Mapping[UUID, Program]) -> dict[str, Any]:
    webhook = line.webhook
    sent = [each.sent_at for each in line.streams if each.sent_at]
    return {
        "hook": webhook,
        "host": _host(webhook),
        "program": programs[webhook.space_id].code,
        "zone": programs[webhook.space_id].zone,
        "health": _health(line),
        "sent_at": max(sent, default=None),
        "waiting": sum(each.waiting for each in line.streams),
        "failing": next((each for each in line.streams if each.failing_since), None),
    }


def _health(line: WebhookLine) -> dict[str, str]:
    """Return the word and tone of how a webhook does."""
    if line.webhook.state == WebhookState.DISABLED:
        return {"tone": "", "text": _("switched off")}
    if line.webhook.state != WebhookState.ACTIVE:
        return {"tone": "hold", "text": _("stopped")}
    if line.is_failing:
        return {"tone": "warn", "text": _("fails, tried again")}
    if not any(each.sent_at for each in line.streams):
        return {"tone": "", "text": _("nothing sent yet")}
    return {"tone": "fine", "text": _("healthy")}


class WebhookPage(Page):
    """One webhook: how far it has come, its delivery log, and what may be done with it."""

    here: ClassVar[str] = "integrations"
    template_name: ClassVar[str] = "portal/webhook.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the webhook with its newest tries."""
        actor = request.actor
        (line,) = webhook_lines(actor, [get_webhook(actor, kwargs["webhook_id"])])
        failed = request.GET.get("tries") == "failed"
        tries = list_attempts(actor, line.webhook.pk)
        rows = list((tries.exclude(error="") if failed else tries)[: TRIES_SHOWN + 1])
        return _line(line, programs_kept(actor)) | {
            "streams": [(each, why(each.status, each.error)) for each in line.streams],
            "tries": [(each, _result(each)) for each in rows[:TRIES_SHOWN]],
            "is_more": len(rows) > TRIES_SHOWN,
            "failed": failed,
            "attempts_max": ATTEMPTS_MAX,
            "steps": {
                name: step.label
                for name, step in WEBHOOK_TRANSITIONS.items()
                if line.webhook.state in step.sources and step.label
            },
            "replay_form": ReplayForm(side=line.webhook.side, initial={"after": 0}),
        }


def _result(tried: WebhookAttempt) -> dict[str, str]:
    if not tried.error:
        return {"tone": "fine", "text": _("taken"), "why": str(tried.status or "")}
    return {"tone": "warn", "text": _("not taken"), "why": why(tried.status, tried.error)}


def why(status: int | None, error: str) -> str:
    """Return in words what came of a try that was not taken, empty when nothing was wrong."""
    words = {
        "redirected": _("it redirects, which is not followed"),
        "refused": _("the receiver refuses it"),
        "gone": _("the receiver is gone"),
        "receiver_failed": _("the receiver failed"),
        "bad_answer": _("no proper answer"),
        "timed_out": _("no answer within 10 s"),
        "not_reached": _("not reached"),
        "tls_failed": _("its certificate does not hold"),
        "answer_too_large": _("its answer is too long"),
        "no_such_host": _("nobody knows the name"),
        "lookup_timed_out": _("the name was not looked up in time"),
        "not_public": _("the address is none of the open internet"),
        "key_away": _("waits for the key of your organisation"),
    }
    found = words.get(error, error.replace("_", " "))
    return f"{status}, {found}" if status and error else found


class WebhookStep(WebhookPage):
    """One step: an action, then back to the webhook."""

    step: ClassVar[str] = ""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the webhook."""
        return HttpResponseRedirect(reverse("webhook_page", args=[kwargs["webhook_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the step."""
        asked = cast("PageRequest", request)
        webhook_id: UUID = kwargs["webhook_id"]
        if self.step == "replay":
            return self._replay(asked, webhook_id)
        webhook = STEPS[self.step](asked.actor, webhook_id)
        if self.step == "rotate":
            with reading(asked.actor):
                return self.show(asked, webhook_id=webhook_id, extra=_shown_once(webhook))
        messages.success(asked, _told(self.step))
        if self.step == "remove":
            return HttpResponseRedirect(reverse("integrations"), status=303)
        return HttpResponseRedirect(reverse("webhook_page", args=[webhook_id]), status=303)

    def _replay(self, request: PageRequest, webhook_id: UUID) -> HttpResponse:
        with reading(request.actor):
            form = ReplayForm(request.POST, side=get_webhook(request.actor, webhook_id).side)
        if form.is_valid():
            given = form.cleaned_data
            try:
                keep.replay_webhook(request.actor, webhook_id, after={given["chain"]: given["after"]})
            except DomainError as error:
                if not error.errors:
                    raise
                explain(form, error)
            else:
                messages.success(request, _told("replay"))
                return HttpResponseRedirect(reverse("webhook_page", args=[webhook_id]), status=303)
        with reading(request.actor):
            return self.show(request, status=400, webhook_id=webhook_id, extra={"replay_form": form})


STEPS: Final[Mapping[str, Callable[[Actor, UUID], Webhook]]] = {
    "test": keep.ask_for_test,
    "rotate": keep.rotate_secret,
    "disable": keep.disable_webhook,
    "enable": keep.enable_webhook,
    "remove": keep.remove_webhook,
}


def _told(step: str) -> str:
    return {
        "test": _("A test is on its way. What comes of it stands in the delivery log in a moment."),
        "replay": _("It is sent again from there, under the same ids."),
        "disable": _("It is switched off. What happens meanwhile waits."),
        "enable": _("It is switched on and goes on where it stopped."),
        "remove": _("The webhook is removed."),
    }[step]
