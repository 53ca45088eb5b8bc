"""Whether whoever is signed in has shown their password lately: asked before numbers of people leave."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

FRESH = timedelta(minutes=10)
KEY = "password_shown_at"  # in the session, in seconds


class PasswordForm(forms.Form):
    """The password of whoever is signed in, once more."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self._request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        # Through the back ends, so that guesses here are counted and held off like those at the sign-in.
        found = authenticate(self._request, username=self._request.user.get_username(), password=password)
        if found is None or found.pk != self._request.user.pk:
            raise forms.ValidationError(_("This is not your password."))
        return password


def remember(request: HttpRequest) -> None:
    """Write down in the session that the password was shown now."""
    request.session[KEY] = timezone.now().timestamp()


def is_fresh(request: HttpRequest) -> bool:
    """Whether this session has shown the password within FRESH: somebody who finds it open has not."""
    shown_at = float(request.session.get(KEY, 0.0))
    return 0 <= timezone.now().timestamp() - shown_at <= FRESH.total_seconds()


def ask(request: HttpRequest) -> HttpResponse:
    """To the page that asks for the password, and from there back to where a request came from."""
    query = urlencode({"next": request.path})
    return redirect(f"{reverse('admin:consent_password_again')}?{query}")


@never_cache
@sensitive_post_parameters("password")
def page(request: HttpRequest) -> HttpResponse:
    """Take the password once more."""
    home = reverse("admin:index")
    back = request.GET.get("next", home)
    if not back.startswith(home) or not back.isprintable():
        back = home
    form = PasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        remember(request)
        return redirect(back)
    context = {**admin.site.each_context(request), "title": _("Your password, once more"), "form": form}
    return TemplateResponse(request, "consent/admin/password_again.html", {**context, "back": back})
