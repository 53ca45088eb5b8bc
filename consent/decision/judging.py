"""From what is known of somebody to a yes or a no: a pure function."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consent import history
from consent.catalogue import Rules
from consent.decision.known import WINDOW, About, Known
from consent.decision.reasons import ALLOWS, RESTRICTED, Reason
from consent.history import Said, Standing
from consent.models import ContactTrouble, Hold, Sender
from consent.vocabulary import Category, Channel, Restriction

# An answer may be used this long and no longer: a withdrawal must reach every sender within it.
ANSWER_LIVES = timedelta(seconds=60)

HOLDS = {Hold.Kind.UNSURE.value: Reason.HELD, Hold.Kind.BLOCKED.value: Reason.BLOCKED}
TROUBLES = {
    ContactTrouble.Kind.UNREACHABLE.value: Reason.UNREACHABLE,
    ContactTrouble.Kind.LIMITED.value: Reason.LIMITED,
}
MARKETING = Category.MARKETING.value


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to "may I send this?": it rests on `record` and may be relied on until `valid_until`.

    `window_until` is when an open service window closes, `log_size` the log's size when it was asked. A stranger is
    somebody the company never heard of.
    """

    allow: bool
    reason: Reason
    at: datetime
    valid_until: datetime
    record: UUID | None = None
    window_until: datetime | None = None
    log_size: int | None = None
    is_stranger: bool = False


def decide(
    known: Known, about: About, rules: Rules | None, *, moment: datetime, number_key: Callable[[], bytes]
) -> Decision:
    """The best answer among the purposes asked about: any of them may carry the message.

    `number_key` is the contact's, made where it is asked for.
    """
    categories = known.common.categories
    if not categories or rules is None:
        return deny(Reason.UNKNOWN_PURPOSE, moment, log_size=known.common.log_size)
    if len(categories) == 1:
        [(purpose, category)] = categories.items()
        return _decide_one(known, known.said.get(purpose, []), category, about, rules, moment, number_key)
    decided = [
        _decide_one(known, known.said.get(purpose, []), category, about, rules, moment, number_key)
        for purpose, category in categories.items()
    ]
    return min(decided, key=lambda one: (not one.allow, one.reason == Reason.NO_RECORD))


def deny(reason: Reason, moment: datetime, *, log_size: int | None = None) -> Decision:
    """A no that rests on no record."""
    return Decision(False, reason, moment, moment + ANSWER_LIVES, log_size=log_size)


def _decide_one(
    known: Known, said: list[Said], category: str, about: About, rules: Rules, moment: datetime,
    number_key: Callable[[], bytes],
) -> Decision:  # fmt: skip
    if about.at is None and said:
        # Another machine's clock may run ahead of ours: what it recorded is known all the same.
        moment = max(moment, *(event.recorded_at for event in said))
    standing = history.fold(said, moment)
    window_until = _window_until(known, about, rules, moment) if known.wrote else None
    if standing.is_given:
        against = _against_the_person(known, category, moment, number_key) or next(
            _against_us(category, about, rules, moment), None
        )
        reason = against or Reason.GIVEN
    else:
        reason = Reason.NO_RECORD if standing.state == history.NOTHING else Reason(standing.state)
    if reason not in ALLOWS and about.is_reply and window_until is not None:
        reason = _reply(
            reason, known, said, category, about, rules, moment, is_given=standing.is_given,
            wrote_at=window_until - WINDOW,
        )  # fmt: skip
    allow = reason in ALLOWS
    return Decision(
        allow, reason, moment, _valid_until(standing, window_until, moment) if allow else moment + ANSWER_LIVES,
        standing.record, window_until, known.common.log_size, not known.is_somebody,
    )  # fmt: skip


def _valid_until(standing: Standing, window_until: datetime | None, moment: datetime) -> datetime:
    ends = (
        end
        for end in (moment + ANSWER_LIVES, standing.until, window_until)
        if end is not None and end > moment
    )
    return min(ends)


def _window_until(known: Known, about: About, rules: Rules, moment: datetime) -> datetime | None:
    """When the service window that is open now closes: WhatsApp has one for each of our numbers."""
    ours = {one.pk for one in _senders(about, rules)} if about.channel == Channel.WHATSAPP else set()
    last = max((when for sender, when in known.wrote if sender in ours), default=None)
    return last + WINDOW if last is not None and last + WINDOW > moment else None


def _against_the_person(
    known: Known, category: str, moment: datetime, number_key: Callable[[], bytes]
) -> Reason | None:
    """What keeps a message from somebody who agreed to it: holds and limits keep back offers alone."""
    if known.holds and category == MARKETING:
        return HOLDS[min(known.holds)]
    lasting = {
        one.kind
        for one in known.troubles
        if (one.until is None or one.until > moment) and one.number_key == number_key()
    }
    for kind, reason in TROUBLES.items():
        if kind in lasting and (reason == Reason.UNREACHABLE or category == MARKETING):
            return reason
    return None


def _against_us(category: str, about: About, rules: Rules, moment: datetime) -> Iterator[Reason]:
    """What keeps a message back on our own side, the gravest first. How a company and its senders were stopped before
    is not known: that counts for now alone.
    """
    senders = _senders(about, rules)
    if about.sender and not senders:
        yield Reason.UNKNOWN_SENDER
    if about.at is None and rules.company.is_paused:
        yield Reason.PAUSED
    # Where no sender is named, any of them may carry the message.
    reasons = [_against_sender(sender, category, about, moment) for sender in senders]
    if reasons and None not in reasons:
        yield from filter(None, reasons)


def _against_sender(sender: Sender, category: str, about: About, moment: datetime) -> Reason | None:
    if about.at is None and sender.is_paused:
        return Reason.PAUSED
    begun = sender.restricted_since is None or sender.restricted_since <= moment
    over = sender.restricted_until is not None and sender.restricted_until <= moment
    if not sender.restriction or over or not begun:
        return None
    if sender.restriction == Restriction.QUALITY and category != MARKETING:
        return None
    return RESTRICTED[sender.restriction]


def _reply(
    reason: Reason, known: Known, said: list[Said], category: str, about: About, rules: Rules, moment: datetime,
    *, is_given: bool, wrote_at: datetime,
) -> Reason:  # fmt: skip
    """`in_window` where an answer to what they wrote may leave although a message of our own may not, else the
    reason that stands.

    A stop later than what they wrote leaves nothing to answer; offers are no answer to anybody who said no.
    """
    ended = [
        event.recorded_at for event in said if event.state in history.ENDS and event.recorded_at <= moment
    ]
    if ended and not is_given and (category == MARKETING or max(ended) >= wrote_at):
        return reason
    if known.holds and category == MARKETING:
        return HOLDS[min(known.holds)]
    final = (Reason.UNKNOWN_SENDER, Reason.PAUSED, Reason.SENDER_BLOCKED)
    return next(
        (one for one in _against_us(category, about, rules, moment) if one in final), Reason.IN_WINDOW
    )


def _senders(about: About, rules: Rules) -> list[Sender]:
    return [
        one for one in rules.senders if one.channel == about.channel and about.sender in ("", one.address)
    ]
