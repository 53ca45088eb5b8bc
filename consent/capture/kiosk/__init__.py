"""Consent in person on a screen: a tablet at the counter shows the form of a capture point, also without a network."""

from django.utils.translation import gettext_lazy as _

from consent import capture

METHOD = capture.Method(
    slug="kiosk",
    name=_("kiosk"),
    urls="consent.capture.kiosk.urls",
    needs=("OPTIN_PUBLIC_URL", "OPTIN_KIOSK_DAYS"),
)
