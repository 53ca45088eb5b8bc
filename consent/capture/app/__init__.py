"""Consent inside an app: its own screens show our words, and its server hands in what was answered."""

from django.utils.translation import gettext_lazy as _

from consent.capture import Method

METHOD = Method(slug="app", name=_("App"), urls="consent.capture.app.urls", needs=("OPTIN_FORM_TTL_HOURS",))
