"""The closed sets of words that records, screens and messages share."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    """Where messages go."""

    WHATSAPP = "whatsapp", "WhatsApp"
    SMS = "sms", "SMS"
    VOICE = "voice", _("phone call")


class Category(TextChoices):
    """Why a message is written, in Meta's three categories."""

    MARKETING = "marketing", _("marketing")
    UTILITY = "utility", _("service")
    AUTHENTICATION = "authentication", _("security codes")


class State(TextChoices):
    """What one consent record says (DPV ConsentStatus); `expired` is computed, never recorded."""

    REQUESTED = "requested", _("asked, not yet confirmed")
    GIVEN = "given", _("given")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn by the person")
    REVOKED = "revoked", _("revoked by the company")
    INVALIDATED = "invalidated", _("invalidated")
    LAPSED = "lapsed", _("lapsed: no contact for long")


class Language(TextChoices):
    """The languages a notice speaks, as BCP 47 tags."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Español"
    PORTUGUESE = "pt-BR", "Português (Brasil)"


class Possession(TextChoices):
    """How it was shown that the person holds the number; a grant without it does not count."""

    NONE = "none", _("not shown")
    REPLY = "reply", _("answered from the number")
    CODE = "code", _("typed the code sent to the number")
    LINK = "link", _("opened the link sent to the number")
    CALL = "call", _("answered a call to the number")
    INBOUND = "inbound", _("wrote from the number")
    APP = "app", _("verified by the app, as it says")
    POLICY = "policy", _("not asked for: policy of the capture point")
    CLAIM = "claim", _("not shown again: the company says so in a list")


class StopScope(TextChoices):
    """What a stop ends; the company chooses, the person is told."""

    EVERYTHING = "all", _("everything on the channel")
    MARKETING = "marketing", _("offers and news on the channel")


class Restriction(TextChoices):
    """What keeps a sender's messages back whoever they are for, from the least to the most."""

    QUALITY = "quality", _("no offers: its quality is too low")
    ANSWERS = "answers", _("answers alone: its provider lets it begin no conversation")
    BLOCKED = "blocked", _("nothing: its provider has blocked it")


class Rating(TextChoices):
    """How a platform rates what people think of a number; what it does not say is unknown."""

    GREEN = "green", _("high")
    YELLOW = "yellow", _("medium")
    RED = "red", _("low")
    UNKNOWN = "unknown", _("not known")


class NumberStatus(TextChoices):
    """What a platform lets a number do, whatever its own word for it is."""

    CONNECTED = "connected", _("Connected")
    FLAGGED = "flagged", _("Flagged")
    RESTRICTED = "restricted", _("Restricted")
    PENDING = "pending", _("not ready yet")
    OFFLINE = "offline", _("offline")
    UNKNOWN = "unknown", _("not known")


class RuleBook(TextChoices):
    """After which rules a platform deals with a number whose quality falls."""

    CURRENT = "current", _("current: limits of the whole account, none falls by itself")
    CLASSIC = "classic", _("classic: Flagged for seven days, then the next lower limit")


class Brake(TextChoices):
    """What a company holds back of its own accord. Answers to people who write are never among it."""

    NOTHING = "nothing", _("nothing")
    SLOW = "slow", _("offers beyond half of the people a day")
    OFFERS = "offers", _("all offers")
    ALL = "all", _("everything but answers")


class Confirmation(TextChoices):
    """How a capture point has a typed number proved."""

    REPLY = "reply", _("answer to a message, or code")
    CODE = "code", _("code only")
    LINK = "link", _("link in a message")
    CALL = "call", _("phone call")
    NONE = "none", _("not proved (single step)")


class Relation(TextChoices):
    """What an adult who consents for a child is to it (LGPD art. 14 par. 1: a parent, or who answers by law)."""

    MOTHER = "mother", _("mother")
    FATHER = "father", _("father")
    GUARDIAN = "guardian", _("legal guardian")
    OTHER = "other", _("other adult who answers for the child by law")


class Origin(TextChoices):
    """What may have brought somebody beside the capture point: part of what it was, kept with the act."""

    POSTER = "poster", _("poster")
    LIST = "list", _("imported list")
    BATCH = "batch", _("batch of sheets")

    def of(self, key: object) -> str:
        """The origin as an act keeps it: its kind and its key."""
        return f"{self.value}:{key}"


def django_code(language: str) -> str:
    """Django's name for a record's language: "pt-BR" is "pt-br"."""
    return language.lower()


def from_django_code(code: str) -> str:
    """The record language for Django's code; English where we do not speak it."""
    for language in Language.values:
        if code.lower() == language.lower() or code.lower().split("-")[0] == language.split("-")[0]:
            return language
    return Language.ENGLISH.value
