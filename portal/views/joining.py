"""Following the link to set one's own password; all who hold no good one are told the same."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from portal.actions.invitations import set_password
from portal.errors import Invalid, NotFound
from portal.forms_signing_in import OwnPasswordForm, TokenForm
from portal.links import Link, read
from portal.middleware import actor_of, origin_of
from portal.queries.security import find_invited

_KEPT: Final = "joining"


class JoinPage(FormView):  # type: ignore[type-arg]  # generic in the stubs only
    """Take the link from the address, where no log sees it."""

    form_class = TokenForm
    template_name = "account/join.html"
    success_url = reverse_lazy("join_password")

    def form_valid(self, form: TokenForm) -> HttpResponse:
        """Go on with a link that is good; any other is told in one sentence."""
        if find_invited(read(form.cleaned_data["token"])) is None:
            return self.render_to_response(self.get_context_data(form=TokenForm(), is_over=True), status=410)
        self.request.session[_KEPT] = form.cleaned_data["token"]
        return super().form_valid(form)


class JoinPassword(FormView):  # type: ignore[type-arg]  # generic in the stubs only
    """Set the password, then sign in with it."""

    form_class = OwnPasswordForm
    template_name = "account/join_password.html"
    success_url = reverse_lazy("account_login")
    link: Link | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Lead back who comes without a link that is still good."""
        self.link = read(request.session.get(_KEPT, ""))
        self.person = find_invited(self.link)
        if self.person is None:
            return HttpResponseRedirect(reverse_lazy("join"))
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show for which account the password will be."""
        return super().get_context_data(**kwargs) | {"person": self.person}

    def form_valid(self, form: OwnPasswordForm) -> HttpResponse:
        """Set it, or say what would be accepted."""
        assert self.person is not None  # noqa: S101 - dispatch
        assert self.link is not None  # noqa: S101 - dispatch
        actor = actor_of(self.person).via(origin_of(self.request))
        try:
            set_password(actor, made_at=self.link.made_at, password=form.cleaned_data["password"])
        except Invalid as error:
            for words in error.errors["password"]:
                form.add_error("password", words)
            return self.form_invalid(form)
        except NotFound:
            return HttpResponseRedirect(reverse_lazy("join"))
        self.request.session.flush()
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return super().form_valid(form)
