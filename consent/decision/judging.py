"""From what is known of somebody to a yes or a no: a pure function."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consent import history, sendings, vault
from consent.catalogue import Rules
from consent.contact import Contact
from consent.decision import quiet
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
NOT_EVEN_A_REPLY = frozenset({Reason.UNKNOWN_SENDER, Reason.PAUSED, Reason.SENDER_BLOCKED})


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


@dataclass(slots=True)
class _Case:
    """What a decision about one purpose is made from."""

    known: Known
    said: list[Said]
    category: str
    about: About
    rules: Rules
    moment: datetime
    contact: Contact
    standing: Standing

    @property
    def is_offer(self) -> bool:
        return self.category == MARKETING

    @property
    def senders(self) -> list[Sender]:
        """Our senders that may carry the message, as far as it was said which."""
        channel, address = self.about.channel, self.about.sender
        return [one for one in self.rules.senders if one.channel == channel and address in ("", one.address)]


def decide(
    known: Known, about: About, rules: Rules | None, *, moment: datetime, contact: Contact
) -> Decision:
    """The best answer among the purposes asked about: any of them may carry the message."""
    categories = known.common.categories
    if not categories or rules is None:
        return Decision(
            False, Reason.UNKNOWN_PURPOSE, moment, moment + ANSWER_LIVES, log_size=known.common.log_size
        )
    decided = []
    for purpose, category in categories.items():
        said = known.said.get(purpose, [])
        then = moment
        if about.at is None and said:
            # Another machine's clock may run ahead of ours: what it recorded is known all the same.
            then = max(moment, *(event.recorded_at for event in said))
        standing = history.fold(said, then)
        decided.append(_decide(_Case(known, said, category, about, rules, then, contact, standing)))
    return min(decided, key=lambda one: (not one.allow, one.reason == Reason.NO_RECORD))


def _decide(case: _Case) -> Decision:
    standing, moment = case.standing, case.moment
    if standing.is_given:
        reason = next(_against(case), Reason.GIVEN)
    else:
        reason = Reason.NO_RECORD if standing.state == history.NOTHING else Reason(standing.state)
    window_until = _window_until(case) if case.known.wrote else None
    if reason not in ALLOWS and case.about.is_reply and window_until is not None:
        reason = _reply(reason, case, wrote_at=window_until - WINDOW)
    allow = reason in ALLOWS
    until = _valid_until(case, window_until) if allow else moment + ANSWER_LIVES
    is_stranger = not case.known.is_somebody
    log_size = case.known.common.log_size
    return Decision(allow, reason, moment, until, standing.record, window_until, log_size, is_stranger)


def _valid_until(case: _Case, window_until: datetime | None) -> datetime:
    """A minute, unless something ends before."""
    night = quiet.begins(case.contact, case.rules.company, case.moment) if case.is_offer else None
    ends = (case.moment + ANSWER_LIVES, case.standing.until, window_until, night)
    return min(end for end in ends if end is not None and end > case.moment)


def _window_until(case: _Case) -> datetime | None:
    """When the service window that is open now closes: WhatsApp has one for each of our numbers."""
    ours = {one.pk for one in case.senders} if case.about.channel == Channel.WHATSAPP else set()
    closes = max((when + WINDOW for sender, when in case.known.wrote if sender in ours), default=None)
    return closes if closes is not None and closes > case.moment else None


def _against(case: _Case) -> Iterator[Reason]:
    """What keeps a message back although the person agreed, the gravest first."""
    if case.known.holds and case.is_offer:
        yield HOLDS[min(case.known.holds)]
    yield from _against_the_contact(case)
    yield from _against_our_side(case)
    if case.is_offer:
        night = quiet.begins(case.contact, case.rules.company, case.moment)
        if night is not None and night <= case.moment:
            yield Reason.QUIET_HOURS
        if _has_enough(case):
            yield Reason.CAPPED


def _against_the_contact(case: _Case) -> Iterator[Reason]:
    """Why messages do not get through, where they do not; a limit of the platform is on offers alone."""
    lasting = {
        one.kind
        for one in case.known.troubles
        if (one.until is None or one.until > case.moment) and one.number_key == vault.number_key(case.contact)
    }
    for kind, reason in TROUBLES.items():
        if kind in lasting and (reason == Reason.UNREACHABLE or case.is_offer):
            yield reason


def _against_our_side(case: _Case) -> Iterator[Reason]:
    """What keeps a message back on our own side. How a company and its senders were stopped before is not known:
    that counts for now alone.
    """
    if case.about.sender and not case.senders:
        yield Reason.UNKNOWN_SENDER
    if case.about.at is None and case.rules.company.is_paused:
        yield Reason.PAUSED
    # Where no sender is named, any of them may carry the message.
    reasons = [_against_sender(sender, case) for sender in case.senders]
    if None not in reasons:
        yield from filter(None, reasons)


def _against_sender(sender: Sender, case: _Case) -> Reason | None:
    if case.about.at is None and sender.is_paused:
        return Reason.PAUSED
    since, until = sender.restricted_since, sender.restricted_until
    is_over = until is not None and until <= case.moment
    if not sender.restriction or is_over or (since is not None and since > case.moment):
        return None
    if sender.restriction == Restriction.QUALITY and not case.is_offer:
        return None
    return RESTRICTED[sender.restriction]


def _has_enough(case: _Case) -> bool:
    """Whether a person got as many offers as the company allows, on all channels together."""
    company, sent = case.rules.company, case.known.sent
    today = sum(at > case.moment - sendings.DAY for at in sent)
    return bool(
        (company.offers_per_day and today >= company.offers_per_day)
        or (company.offers_per_week and len(sent) >= company.offers_per_week)
    )


def _reply(reason: Reason, case: _Case, *, wrote_at: datetime) -> Reason:
    """`in_window` where an answer to what they wrote may leave although a message of our own may not, else the
    reason that stands.

    A stop later than what they wrote leaves nothing to answer; offers are no answer to anybody who said no.
    """
    ended = [
        one.recorded_at for one in case.said if one.state in history.ENDS and one.recorded_at <= case.moment
    ]
    if ended and not case.standing.is_given and (case.is_offer or max(ended) >= wrote_at):
        return reason
    if case.known.holds and case.is_offer:
        return HOLDS[min(case.known.holds)]
    return next((one for one in _against_our_side(case) if one in NOT_EVEN_A_REPLY), Reason.IN_WINDOW)
