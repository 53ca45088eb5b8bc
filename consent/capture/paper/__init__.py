"""Consent on paper: sheets are printed, signed, scanned, read, checked by staff, and committed."""

from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from consent import capture

METHOD = capture.Method(
    slug="paper", name=_("paper"), urls="consent.capture.paper", needs=("OPTIN_PUBLIC_URL",)
)

urlpatterns: list[URLPattern] = []  # staff do all of it, in the admin
