"""Consent by phone call: the statement spoken, one key for yes, one for no, and one that stops everything."""

from django.utils.translation import gettext_lazy as _

from consent import capture

METHOD = capture.Method(
    slug="ivr", name=_("phone call"), urls="consent.capture.ivr.urls", needs=("OPTIN_PUBLIC_URL",)
)
