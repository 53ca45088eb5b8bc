"""How receipts say things to the person: what happened, how it was said, how it ends."""

from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import Company, ConsentRecord
from consent.proof import account
from consent.vocabulary import Channel, Language, Possession, State

TITLES = {
    State.REQUESTED: gettext_lazy("Your request, waiting for your confirmation"),
    State.GIVEN: gettext_lazy("Your consent"),
    State.REFUSED: gettext_lazy("Your refusal"),
    State.WITHDRAWN: gettext_lazy("Your withdrawal"),
    State.REVOKED: gettext_lazy("Your consent, revoked by the company"),
    State.INVALIDATED: gettext_lazy("Your consent, found invalid"),
    State.LAPSED: gettext_lazy("Your consent, lapsed"),
}

LEADS = {
    State.REQUESTED: gettext_lazy(
        "%(company)s asked whether it may send you this. Until you confirm it, nothing is sent."
    ),
    State.GIVEN: gettext_lazy("You told %(company)s that it may send you this:"),
    State.REFUSED: gettext_lazy("You told %(company)s that you do not want this:"),
    State.WITHDRAWN: gettext_lazy("You told %(company)s to stop sending you this:"),
    State.REVOKED: gettext_lazy("%(company)s will not send you this any more:"),
    State.INVALIDATED: gettext_lazy(
        "%(company)s may not send you this, because your consent was found invalid:"
    ),
    State.LAPSED: gettext_lazy(
        "%(company)s will not send you this any more, because you were not in touch for long:"
    ),
}

# A method that is not here speaks of itself by its slug: a new one costs nothing here.
METHODS = {
    "website": gettext_lazy("on a web page"),
    "sms": gettext_lazy("by SMS"),
    "whatsapp": gettext_lazy("by WhatsApp"),
    "ivr": gettext_lazy("by phone"),
    "paper": gettext_lazy("on paper"),
    "app": gettext_lazy("in an app"),
    "kiosk": gettext_lazy("on a tablet"),
    "time": gettext_lazy("as time passed"),
    "import": gettext_lazy("from a list of the company's"),
    "rapidpro": "RapidPro / Weni",
}


def title(state: str) -> str:
    return str(TITLES[State(state)])


def lead(state: str, company: str) -> str:
    return str(LEADS[State(state)]) % {"company": company}


def method(slug: str) -> str:
    return str(METHODS.get(slug, slug))


def purpose(record: ConsentRecord) -> str:
    """What the record is about; one without a purpose speaks of everything on its channel."""
    return record.purpose.name.in_language(record.language) if record.purpose else _("all messages")


def moment(record: ConsentRecord) -> str:
    """When the person spoke, by the company's clock, which is named."""
    zone_ = zone(record.company)
    local = timezone.localtime(record.event_time, zone_)
    return f"{date_format(local, 'DATETIME_FORMAT')} ({zone_.key.replace('_', ' ')})"


def ending(record: ConsentRecord) -> str:
    """When a grant ends by itself."""
    end = account.until(record)
    if end is None:
        return _("until you stop it")
    day = timezone.localtime(end, zone(record.company))
    return _("until %(day)s") % {"day": date_format(day, "DATE_FORMAT")}


def termination(record: ConsentRecord) -> str:
    """Everything that ends a grant."""
    if account.until(record) is None:
        return ending(record)
    return _("%(ending)s, or sooner if you stop it") % {"ending": ending(record)}


def how_to_stop() -> str:
    return _("Reply STOP to any message. It is free of charge, at any time, without giving a reason.")


def of_entries() -> list[tuple[str, str]]:
    """The words for what stands in log entries, by field and value: ("state.given", "given")."""
    closed: dict[str, type[TextChoices]] = {"channel": Channel, "state": State, "possession": Possession}
    named = [
        (f"{field}.{value}", str(label)) for field, words in closed.items() for value, label in words.choices
    ]
    languages = [(f"language.{value}", label) for value, label in Language.choices]
    return [*named, *languages, *((f"method.{slug}", str(label)) for slug, label in METHODS.items())]


def zone(company: Company) -> ZoneInfo:
    """The zone by whose clock a company speaks."""
    try:
        return ZoneInfo(company.time_zone)
    except (KeyError, ValueError, OSError):  # a name that no zone has
        return ZoneInfo("UTC")
