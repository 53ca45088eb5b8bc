"""What a number's colour, status and changes are called, and what to do next, in the language now active."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import QualityChange
from consent.quality.reading import UNLIMITED
from consent.quality.states import State
from consent.vocabulary import NumberStatus, Rating

Facet = QualityChange.Facet

COLOURS = {
    Rating.GREEN.value: gettext_lazy("Green: high"),
    Rating.YELLOW.value: gettext_lazy("Yellow: medium"),
    Rating.RED.value: gettext_lazy("Red: low"),
    Rating.UNKNOWN.value: gettext_lazy("Not known yet"),
}
LEVELS = {
    "": gettext_lazy("nothing is held back"),
    "none": gettext_lazy("nothing is held back"),
    "quality": gettext_lazy("offers are held back"),
    "answers": gettext_lazy("everything but answers is held back"),
    "blocked": gettext_lazy("nothing may leave"),
}
CAUSES = {
    "red": gettext_lazy("the rating is low, and the company holds this back"),
    "yellow": gettext_lazy("the rating is medium, and the company holds this back"),
    "warned": gettext_lazy("our own figures warn, and the company holds this back"),
    "red:slow": gettext_lazy("the rating is low, and half of the people of a day are reached"),
    "yellow:slow": gettext_lazy("the rating is medium, and half of the people of a day are reached"),
    "warned:slow": gettext_lazy("our own figures warn, and half of the people of a day are reached"),
    "full": gettext_lazy("the limit of people in 24 hours is reached"),
    "restricted": gettext_lazy("the platform says that the number is restricted"),
    "offline": gettext_lazy("the number is not online at the platform"),
    "health": gettext_lazy("the platform says that the number may not send"),
    "spam": gettext_lazy("the platform takes our messages for spam"),
    "locked": gettext_lazy("the platform has locked the account"),
    "ban": gettext_lazy("the platform has disabled the account"),
    "account": gettext_lazy("the account is no longer connected"),
    "RESTRICTED_BIZ_INITIATED_MESSAGING": gettext_lazy("the platform forbids messages that begin a conversation"),
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": gettext_lazy("the platform forbids even answers"),
}  # fmt: skip


def colour(rating: str) -> str:
    """A rating in words; the colour is never alone."""
    return str(COLOURS.get(rating, COLOURS[Rating.UNKNOWN.value]))


def status(word: str) -> str:
    return str(NumberStatus(word).label) if word in NumberStatus else word


def people(limit: int | None) -> str:
    """A limit in people a day."""
    if limit is None:
        return _("not known")
    if limit >= UNLIMITED:
        return _("no limit")
    return _("%(people)s people in 24 hours") % {"people": number_format(limit, force_grouping=True)}


def held(level: str) -> str:
    return str(LEVELS.get(level, level))


def cause(code: str) -> str:
    return str(CAUSES.get(code, code))


def change(one: QualityChange) -> str:
    """One change as a sentence."""
    sender, now = str(one.sender), one.now
    if one.facet == Facet.RATING:
        return _("The rating of %(sender)s is now %(rating)s.") % {"sender": sender, "rating": colour(now)}
    if one.facet == Facet.STATUS:
        return _("The status of %(sender)s is now %(status)s.") % {"sender": sender, "status": status(now)}
    if one.facet == Facet.LIMIT:
        limit = people(int(now) if now.isdigit() else None)
        return _("The limit of %(sender)s is now: %(limit)s.") % {"sender": sender, "limit": limit}
    if one.facet == Facet.WARNING:
        if now:
            return _("More people than usual turn away from %(sender)s.") % {"sender": sender}
        return _("%(sender)s is back to usual.") % {"sender": sender}
    if one.facet == Facet.READING:
        if now:
            return _("The provider of %(sender)s does not say how it is (%(code)s).") % {
                "sender": sender,
                "code": now,
            }
        return _("The provider of %(sender)s answers again.") % {"sender": sender}
    level = now.partition(":")[0]
    return _("At %(sender)s: %(held)s.") % {"sender": sender, "held": held(level)}


def advice(one: QualityChange) -> str:
    """What to do about a change."""
    if one.now in (Rating.GREEN.value, NumberStatus.CONNECTED.value, ""):
        return _("Nothing needs to be done.")
    if one.facet == Facet.READING:
        return _("Until it answers, what was read last counts. Check the connection on the sender's page.")
    return _("See on the sender's page which source brings the people who block, and pause it.")


def next_steps(state: State, *, is_warned: bool, has_blame: bool) -> list[str]:
    """What to do next, in plain words, the most urgent first."""
    steps = []
    causes = {one.cause for one in state.restraints}
    if causes & {"locked", "ban", "account", "RESTRICTED_BIZ_INITIATED_MESSAGING",
                 "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"}:  # fmt: skip
        steps.append(
            _("Read in WhatsApp Manager why the account is restricted, and appeal there if it is wrong.")
        )
    if "spam" in causes:
        steps.append(_("Stop campaigns for today: the platform takes the messages for spam."))
    if causes & {"full", "restricted"}:
        steps.append(
            _("Begin no new conversation until the window resets. People who write may be answered.")
        )
    if causes & {"offline", "health"}:
        steps.append(_("Bring the number back online at the platform; nothing leaves before."))
    if has_blame:
        steps.append(
            _("Pause the source that stands first below: the people it brings turn away most often.")
        )
    if state.rating in (Rating.RED, Rating.YELLOW) or is_warned:
        steps.append(_("Write less often, and only to people who agreed lately."))
    if state.flagged_until is not None:
        steps.append(
            _("Get the rating to medium or high before the seventh day, or the limit falls by a step.")
        )
    if state.may_rise:
        steps.append(_("Go on like this: the limit may rise."))
    if state.rating == Rating.UNKNOWN and not steps:
        steps.append(
            _("Nobody has rated this number yet. Ask the provider, or type in what its console shows.")
        )
    return steps or [_("Nothing needs to be done.")]
