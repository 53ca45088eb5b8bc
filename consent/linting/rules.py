"""The rules by profile: whose they are, where they stand, and what is looked for."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from consent.linting import checks
from consent.linting.checks import Check


class Profile(TextChoices):
    """Whose rules."""

    META = "meta", _("Meta: opt-in for WhatsApp")
    LGPD = "lgpd", _("Brazil: LGPD, articles 8 and 9")
    GDPR = "gdpr", _("European Union: GDPR, articles 7 and 13")
    CTIA = "ctia", _("United States: CTIA, for SMS")
    FORM = "form", _("Fit for screen, message, voice and paper")


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand of one source."""

    id: str
    source: str
    check: Check

    @property
    def profile(self) -> Profile:
        return Profile(self.id.partition(".")[0])


_META = "Meta, Get opt-in for WhatsApp, 2025-11-03"
_CTIA = "CTIA Messaging Principles 2023, 5.1."

RULES = (
    Rule("meta.company", _META, checks.COMPANY),
    Rule("meta.receive", _META, checks.RECEIVE),
    Rule("meta.stop", _META, checks.STOP),
    Rule("lgpd.specific", "LGPD art. 8 §4", checks.SPECIFIC),
    Rule("lgpd.nothing-added", "LGPD art. 8 §4", checks.NOTHING_ADDED),
    Rule("lgpd.stop", "LGPD art. 8 §5, art. 18 IX", checks.STOP),
    Rule("lgpd.purposes", "LGPD art. 9 I", checks.PURPOSES),
    Rule("lgpd.channels", "LGPD art. 9 II", checks.CHANNELS),
    Rule("lgpd.duration", "LGPD art. 9 II", checks.DURATION),
    Rule("lgpd.controller", "LGPD art. 9 III", checks.LEGAL_NAME),
    Rule("lgpd.officer", "LGPD art. 9 IV, art. 41 §1", checks.OFFICER),
    Rule("lgpd.sharing", "LGPD art. 9 V", checks.SHARING),
    Rule("lgpd.rights", "LGPD art. 9 VII, art. 18", checks.RIGHTS),
    Rule("lgpd.refusing", "LGPD art. 18 VIII", checks.REFUSING),
    Rule("lgpd.policy", "LGPD art. 9", checks.POLICY),
    Rule("gdpr.every-text", "GDPR art. 7(2), art. 12(1)", checks.EVERY_TEXT),
    Rule("gdpr.stop", "GDPR art. 7(3), art. 13(2)(c)", checks.STOP),
    Rule("gdpr.controller", "GDPR art. 13(1)(a)", checks.LEGAL_NAME),
    Rule("gdpr.officer", "GDPR art. 13(1)(b)", checks.OFFICER),
    Rule("gdpr.specific", "GDPR art. 13(1)(c), art. 6(1)(a)", checks.SPECIFIC),
    Rule("gdpr.recipients", "GDPR art. 13(1)(e)", checks.SHARING),
    Rule("gdpr.duration", "GDPR art. 13(2)(a)", checks.DURATION),
    Rule("gdpr.rights", "GDPR art. 13(2)(b)", checks.RIGHTS),
    Rule("gdpr.complaint", "GDPR art. 13(2)(d)", checks.COMPLAINT),
    Rule("gdpr.refusing", "GDPR art. 7(4), art. 13(2)(e)", checks.REFUSING),
    Rule("gdpr.policy", "GDPR art. 12(1), art. 13", checks.POLICY),
    Rule("ctia.company", f"{_CTIA}1", checks.COMPANY),
    Rule("ctia.purposes", f"{_CTIA}1", checks.PURPOSES),
    Rule("ctia.frequency", f"{_CTIA}1", checks.FREQUENCY),
    Rule("ctia.rates", f"{_CTIA}1", checks.RATES),
    Rule("ctia.stop", f"{_CTIA}3", checks.STOP_WORD),
    Rule("ctia.help", f"{_CTIA}1", checks.HELP_WORD),
    Rule("ctia.policy", f"{_CTIA}1", checks.POLICY),
    Rule("ctia.purchase", "47 CFR 64.1200(f)(9)", checks.NO_PURCHASE),
    Rule("form.short", "3GPP TS 23.038", checks.SHORT),
    Rule("form.speakable", "WCAG 2.2, 3.1", checks.SPEAKABLE),
    Rule("form.keys", "Optin", checks.KEYS),
    Rule("form.braces", "Optin", checks.BRACES),
)
