"""What things are called on staff pages, and what a standing means in words."""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import capture
from consent.history import Standing
from consent.recording import IMPORTED, TIME
from consent.vocabulary import State

# Why a message may or may not be sent, for whoever has to answer a customer on the phone.
REASONS = {
    "given": gettext_lazy("Yes: the person agreed on %(since)s."),
    "requested": gettext_lazy("No: the person was asked on %(since)s and has not proved the number yet."),
    "refused": gettext_lazy("No: the person refused on %(since)s."),
    "withdrawn": gettext_lazy("No: the person withdrew on %(since)s."),
    "revoked": gettext_lazy("No: the company revoked the consent on %(since)s."),
    "invalidated": gettext_lazy("No: the consent was found invalid on %(since)s."),
    "lapsed": gettext_lazy("No: the consent lapsed on %(since)s; nobody had been in touch for long."),
    "expired": gettext_lazy("No: the consent of %(since)s expired on %(until)s."),
    "erased": gettext_lazy("No: the person was erased on %(since)s."),
    "nothing": gettext_lazy("No: the person was never asked."),
}

# How records come that no capture method took in.
OTHER_WAYS = {
    IMPORTED: gettext_lazy("imported list"),
    "rapidpro": "RapidPro / Weni",
    TIME: gettext_lazy("passing of time"),
}


def method(slug: str) -> str:
    """A capture method's name; one that this installation no longer has goes by its slug."""
    if slug in OTHER_WAYS:
        return str(OTHER_WAYS[slug])
    return next((str(method.name) for method in capture.methods() if method.slug == slug), slug)


def state(code: str) -> str:
    """A state's name, the computed ones included."""
    computed = {"expired": _("expired"), "erased": _("erased"), "nothing": _("never asked")}
    return computed.get(code) or str(State(code).label)


def badge(code: str, text: Any) -> SafeString:
    """A state as a small coloured word."""
    return format_html('<span class="badge badge-{}">{}</span>', code, text)


def yes_or_no(value: bool | None) -> SafeString:
    """A tick, a cross or a question mark that says in words what it shows."""
    name = {True: "yes", False: "no", None: "unknown"}[value]
    words = {True: _("Yes"), False: _("No"), None: _("Unknown")}[value]
    return format_html('<img src="{}" alt="{}">', static(f"admin/img/icon-{name}.svg"), words)


def reason(standing: Standing) -> str:
    """A standing as a sentence that begins with yes or no."""
    text = str(REASONS[standing.state]) % {"since": _day(standing.since), "until": _day(standing.until)}
    if standing.is_given and standing.until:
        text += " " + _("It is valid until %(until)s.") % {"until": _day(standing.until)}
    return text


def moment(value: datetime) -> str:
    """A time as lists show it."""
    return date_format(localtime(value), "SHORT_DATETIME_FORMAT")


def day(value: date) -> str:
    """A day as lists show it."""
    return date_format(value, "SHORT_DATE_FORMAT")


def entity(text: str) -> str:
    """Who acted, in words."""
    kind, _colon, number = text.partition(":")
    names = {
        "subject": _("the person"),
        "company": _("the company, by its settings"),
        "staff": _("staff member %(number)s"),
        "app": _("program with key %(number)s"),
        "platform": _("platform %(number)s"),
    }
    return names.get(kind, text) % {"number": number} if kind in names else text


def who(text: str) -> str:
    """Who acted, staff by name as well: one query, so for pages of one thing and not for lists."""
    kind, _colon, number = text.partition(":")
    # Nobody has the number where records were brought from another installation.
    user = User.objects.filter(pk=number).first() if kind == "staff" and number.isdecimal() else None
    if user is None:
        return entity(text)
    return _("%(name)s, staff member %(number)s") % {"name": user.get_username(), "number": number}


def _day(value: datetime | None) -> str:
    return date_format(localtime(value), "DATETIME_FORMAT") if value else ""
