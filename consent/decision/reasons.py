"""The closed list of reasons for a decision, with the words for each."""

from enum import StrEnum

from django.utils.translation import gettext_noop

from consent.vocabulary import Restriction


class Reason(StrEnum):
    """`given` and `in_window` allow, every other denies."""

    GIVEN = "given"
    IN_WINDOW = "in_window"
    NO_RECORD = "no_record"
    REQUESTED = "requested"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    INVALIDATED = "invalidated"
    LAPSED = "lapsed"
    EXPIRED = "expired"
    HELD = "held"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    LIMITED = "limited"
    UNKNOWN_SENDER = "unknown_sender"
    PAUSED = "paused"
    SENDER_BLOCKED = "sender_blocked"
    SENDER_RESTRICTED = "sender_restricted"
    SENDER_QUALITY = "sender_quality"
    QUIET_HOURS = "quiet_hours"
    CAPPED = "capped"
    UNKNOWN_PURPOSE = "unknown_purpose"
    MALFORMED = "malformed"
    UNAVAILABLE = "unavailable"


ALLOWS = frozenset({Reason.GIVEN, Reason.IN_WINDOW})

RESTRICTED = {
    Restriction.BLOCKED.value: Reason.SENDER_BLOCKED,
    Restriction.ANSWERS.value: Reason.SENDER_RESTRICTED,
    Restriction.QUALITY.value: Reason.SENDER_QUALITY,
}

# Programs get them in English as they stand here; pages translate them.
WORDS = {
    Reason.GIVEN: gettext_noop("They agreed, and nothing speaks against it now."),
    Reason.IN_WINDOW: gettext_noop("They wrote within the last 24 hours: they may be answered."),
    Reason.NO_RECORD: gettext_noop("They never said anything about this."),
    Reason.REQUESTED: gettext_noop("They were asked and have not confirmed."),
    Reason.REFUSED: gettext_noop("They said no."),
    Reason.WITHDRAWN: gettext_noop("They took their consent back."),
    Reason.REVOKED: gettext_noop("The company ended this consent."),
    Reason.INVALIDATED: gettext_noop("This consent was found not to be valid."),
    Reason.LAPSED: gettext_noop("Nobody was in touch for so long that the consent has lapsed."),
    Reason.EXPIRED: gettext_noop("The consent is too old and has ended."),
    Reason.HELD: gettext_noop("Something they wrote may be a stop; staff will judge it."),
    Reason.BLOCKED: gettext_noop("They stopped the company's offers at the platform itself."),
    Reason.UNREACHABLE: gettext_noop("Messages do not reach this contact."),
    Reason.LIMITED: gettext_noop("The platform delivers no offers to this contact for now."),
    Reason.UNKNOWN_SENDER: gettext_noop("The company has no such sender on this channel."),
    Reason.PAUSED: gettext_noop("The company has stopped sending."),
    Reason.SENDER_BLOCKED: gettext_noop("The provider has blocked the sender."),
    Reason.SENDER_RESTRICTED: gettext_noop("The sender may only answer: its provider has restricted it."),
    Reason.SENDER_QUALITY: gettext_noop("The quality of the sender is too low for offers."),
    Reason.QUIET_HOURS: gettext_noop("It is night where they are, or may be: no offers now."),
    Reason.CAPPED: gettext_noop("They got as many offers lately as the company allows."),
    Reason.UNKNOWN_PURPOSE: gettext_noop("The company has no such purpose, or none of this category."),
    Reason.MALFORMED: gettext_noop("This is no contact."),
    Reason.UNAVAILABLE: gettext_noop("It could not be decided. Do not send; ask again."),
}
