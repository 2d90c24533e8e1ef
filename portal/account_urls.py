"""The pages around sign-in that are open here; whatever else the sign-in library has is not.

Nobody signs up, and nobody is told by mail or page whether an address has an account: who forgot the password
gets a new link from the own administrator (`portal.actions.invitations`).
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path
from django.views.generic import RedirectView

from portal.views import company, factors, joining
from portal.views.factors import noted

_TO_SECURITY = RedirectView.as_view(pattern_name="security")

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", noted(factors.ChangePassword.as_view()), name="account_change_password"),
    path("join/", joining.JoinPage.as_view(), name="join"),
    path("join/password/", joining.JoinPassword.as_view(), name="join_password"),
    path("company/", company.CompanyPage.as_view(), name="company"),
    path("company/<uuid:provider_id>/back/", company.CompanyBack.as_view(), name="company_back"),
    path("2fa/", _TO_SECURITY, name="mfa_index"),
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/totp/activate/", noted(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", noted(factors.RemoveTotp.as_view()), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", noted(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/new/", factors.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("2fa/webauthn/", _TO_SECURITY, name="mfa_list_webauthn"),
    path("2fa/webauthn/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path(
        "2fa/webauthn/reauthenticate/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"
    ),
    path("2fa/webauthn/add/", noted(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/webauthn/keys/<int:pk>/edit/", noted(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/", noted(factors.RemoveKey.as_view()), name="mfa_remove_webauthn"
    ),
]
