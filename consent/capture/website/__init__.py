"""Consent on a web page: the statement, one unticked box per purpose and channel, and a number to prove."""

from django.utils.translation import gettext_lazy as _

from consent import capture

METHOD = capture.Method(
    slug="website",
    name=_("website"),
    urls="consent.capture.website.urls",
    needs=("OPTIN_PUBLIC_URL", "OPTIN_FORM_TTL_HOURS"),
)
