"""The forms around sign-in. They judge within the budgets of `guesses` and say the same whoever was meant."""

from __future__ import annotations

from typing import Any, Final, cast

from allauth.account.forms import ChangePasswordForm, LoginForm
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.actions.own_access import keep_hash_present, use_code
from portal.devices import device_of
from portal.guesses import Guessed, claim, give_back
from portal.middleware import own_actor
from portal.models import Person
from portal.states import PersonKind

WRONG: Final = _("E-mail or password is wrong.")
CODE_WANTED: Final = _(
    "There were many wrong tries for this address. Enter your password again, and your one-time code with it."
)
WRONG_TOGETHER: Final = _("E-mail, password or one-time code is wrong.")
WAIT: Final = _(
    "Too many wrong tries. Wait 15 minutes, use a passkey, or a browser in which you signed in before."
)


def find_human(email: str) -> Person | None:
    """Return the open account of a person with this address, whatever its case."""
    return Person.objects.filter(email__iexact=email.strip(), kind=PersonKind.HUMAN, is_active=True).first()


def is_password_of(person: Person | None, password: str) -> bool:
    """Say whether it is the person's password, with the same work for nobody and for who has none."""
    return check_password(password, person.password if person else UNUSABLE_PASSWORD_PREFIX)


class CodeInput(forms.TextInput):
    """A field for a code, which is never shown again."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # noqa: ARG002 - Django's signature
        """Return the context without the value."""
        return super().get_context(name, None, attrs)


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    """E-mail and password; after many wrong tries the one-time code beside them, judged together."""

    # The second factor that was shown with the password.
    factor: Authenticator | None = None
    code = forms.CharField(
        label=_("One-time code"), max_length=20, required=False, widget=forms.HiddenInput(), strip=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put the code last; it is hidden until it is wanted."""
        super().__init__(*args, **kwargs)
        self.order_fields(["login", "password", "code"])

    def _clean_with_password(self, credentials: dict[str, str]) -> dict[str, Any]:
        """Judge, or refuse in words that hold for every address. Raises: ValidationError."""
        given = cast("dict[str, Any]", self.cleaned_data)
        self.user = self._judge(self.request, credentials["email"], credentials["password"], given["code"])
        self._login = Login(user=self.user, email=credentials["email"])
        if self.factor is not None:
            LoginStageController(self.request, self._login).set_handled(AuthenticateStage.key)
        return given

    def _login_with_password(self, request: HttpRequest, redirect_url: str, credentials: Any) -> Any:
        if self.factor is not None:
            post_authentication(request, self.factor)
        return super()._login_with_password(request, redirect_url, credentials)

    def _judge(self, request: HttpRequest, email: str, password: str, code: str) -> Person:
        person = find_human(email)
        # However it is written, an address that means an account shares the account's budget.
        email = person.email if person else email
        device = device_of(request, person)
        guess = claim(Guessed.PASSWORD, email, device)
        if guess is None:
            return self._judge_together(person, email, device, password, code)
        if not is_password_of(person, password) or person is None:
            raise ValidationError(WRONG)
        give_back(guess)
        keep_hash_present(own_actor(request, person), person.password, password)
        return person

    def _judge_together(
        self, person: Person | None, email: str, device: str, password: str, code: str
    ) -> Person:
        """Judge password and code as one, in the budget of codes: half of it right tells nothing."""
        self._ask_for_code()
        if not code:
            raise ValidationError(CODE_WANTED)
        guess = claim(Guessed.CODE, email, device)
        if guess is None:
            raise ValidationError(WAIT)
        is_right = is_password_of(person, password)
        factor = use_code(own_actor(self.request, person), code) if person else None
        if person is None or factor is None or not is_right:
            raise ValidationError(WRONG_TOGETHER)
        give_back(guess)
        self.factor = factor
        return person

    def _ask_for_code(self) -> None:
        field = self.fields["code"]
        field.required = True
        field.widget = CodeInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})


class _CodeForm:
    """A one-time or recovery code, judged within the budget and used up."""

    guessed = Guessed.CODE
    user: Person
    cleaned_data: dict[str, Any]
    device = ""

    def clean_code(self) -> str:
        """Judge the code. Raises: ValidationError."""
        guess = claim(self.guessed, self.user.email, self.device)
        if guess is None:
            raise ValidationError(WAIT)
        code = str(self.cleaned_data["code"])
        found = use_code(own_actor(context.request, self.user), code)
        if found is None:
            raise ValidationError(_("The code is wrong, or was used before."))
        give_back(guess)
        self.authenticator = found
        return code


class SecondStepForm(_CodeForm, AuthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """The second step of signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Learn from which device the step is taken."""
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.device = device_of(context.request, self.user)


class AgainByCodeForm(_CodeForm, ReauthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """Confirming by a code that it is still the same person."""

    guessed = Guessed.STEP_UP

    def save(self) -> None:
        """Note it, in a session with a new id."""
        super().save()
        context.request.session.cycle_key()


class AgainByKeyForm(ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """Confirming by a key that it is still the same person."""

    def save(self) -> None:
        """Note it, in a session with a new id."""
        super().save()
        context.request.session.cycle_key()


class NewKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A new passkey or security key."""

    passwordless = forms.BooleanField(
        label=_("It signs me in alone"),
        required=False,
        initial=True,
        help_text=_("A passkey: the key asks for your finger, face or PIN instead of the password."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for a name that tells keys apart."""
        super().__init__(*args, **kwargs)
        self.order_fields(["name", "passwordless", "credential"])
        self.fields["name"].label = _("Name of the key")
        self.fields["name"].max_length = 60


class BothForm(forms.Form):
    """Password and one-time code of who is signed in, for what opens every door."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("One-time code"),
        max_length=20,
        help_text=_("Or one of the recovery codes that are left."),
        widget=CodeInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        """Take who is signed in."""
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Judge both, always. Raises: ValidationError."""
        given = super().clean() or {}
        if self.errors:
            return given
        is_right = is_still(self.user, given["password"])
        if use_code(own_actor(context.request, self.user), given["code"]) is None or not is_right:
            raise ValidationError(_("Password or one-time code is wrong."))
        return given


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Changing the password: the present one is judged within the budget of who is signed in."""

    def clean_oldpassword(self) -> str:
        """Judge the present password. Raises: ValidationError."""
        given = str(self.cleaned_data.get("oldpassword", ""))
        if not is_still(self.user, given):
            raise ValidationError(_("This is not your present password."))
        return given


class PasskeyForm(LoginWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """Signing in by passkey alone; a closed account is answered like an unknown key."""

    def clean_credential(self) -> Any:
        """Return the authenticator. Raises: ValidationError."""
        found = super().clean_credential()
        if not found.user.is_active:
            raise ValidationError(_("This passkey does not open an account here."))
        return found


def is_still(person: Person, password: str) -> bool:
    """Say whether who is signed in knows the password. Raises: ValidationError when asked too often."""
    guess = claim(Guessed.STEP_UP, person.email)
    if guess is None:
        raise ValidationError(WAIT)
    if not is_password_of(person, password):
        return False
    give_back(guess)
    return True


class TokenForm(forms.Form):
    """The code of a link, which a script takes from behind the `#` of the address."""

    token = forms.CharField(
        label=_("Code of the link"),
        max_length=400,
        help_text=_("What stands behind the # in the link of the mail."),
        widget=CodeInput(attrs={"autocomplete": "off", "data-from-fragment": ""}),
    )


class OwnPasswordForm(forms.Form):
    """A password that its owner alone knows."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_(
            "At least 15 characters; a few words that do not belong together are easy to keep in mind."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password, again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Compare the two. Raises: ValidationError."""
        given = super().clean() or {}
        if given.get("password") != given.get("again"):
            self.add_error("again", _("The two are not the same."))
        return given


class CompanyForm(forms.Form):
    """The address whose domain says which organisation signs in."""

    email = forms.EmailField(
        label=_("E-mail at your organisation"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
