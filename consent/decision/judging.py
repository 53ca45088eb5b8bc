"""From what is known of somebody to a yes or a no: a pure function."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from consent import history, quiet, sendings, vault
from consent.catalogue import Rules
from consent.contact import Contact
from consent.decision.known import Known
from consent.decision.reasons import ALLOWS, RESTRICTED, Reason
from consent.decision.statement import WINDOW, About
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


class Decision(NamedTuple):
    """The answer to "may I send this?": it rests on `record` and may be relied on until `valid_until`; one about the
    past, not at all.

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


class Judge:
    """Decides about one thing for any number of people: what is the same for all of them is worked out once."""

    def __init__(
        self, about: About, rules: Rules | None, moment: datetime, *, is_ahead: bool = False
    ) -> None:
        self._about = about
        self._is_past = about.at is not None and not is_ahead
        self._rules = rules
        self._moment = moment
        everyone = rules.senders if rules else ()
        # Our senders that may carry the message, as far as it was said which.
        self._senders = [
            one for one in everyone if one.channel == about.channel and about.sender in ("", one.address)
        ]
        # What was true once lets nothing leave now.
        self._lives = timedelta(0) if self._is_past else ANSWER_LIVES
        self._begin = tuple(  # restrictions that are still to come
            one.restricted_since for one in self._senders if one.restriction and one.restricted_since
        )
        self._ours: dict[str, tuple[Reason, ...]] = {}

    def decide(self, known: Known, contact: Contact) -> Decision:
        """The best answer among the purposes asked about: any of them may carry the message."""
        categories = known.common.categories
        if not categories or self._rules is None:
            until = self._moment + self._lives
            log_size = known.common.log_size
            return Decision(False, Reason.UNKNOWN_PURPOSE, self._moment, until, log_size=log_size)
        if len(categories) == 1:
            [(purpose, category)] = categories.items()
            return self._decide(known, known.said(purpose), category, contact)
        decided = [
            self._decide(known, known.said(purpose), category, contact)
            for purpose, category in categories.items()
        ]
        return min(decided, key=lambda one: (not one.allow, one.reason == Reason.NO_RECORD))

    def _decide(self, known: Known, said: list[Said], category: str, contact: Contact) -> Decision:
        moment = self._moment
        if self._about.at is None:
            # Another machine's clock may run ahead of ours: what it recorded is known all the same.
            for event in said:
                if event.recorded_at > moment:
                    moment = event.recorded_at
        standing = history.fold(said, moment)
        night = self._night(category, contact, moment) if standing.is_given else None
        if standing.is_given:
            reason = self._against(known, category, contact, moment, night) or Reason.GIVEN
        else:
            reason = Reason.NO_RECORD if standing.state == history.NOTHING else Reason(standing.state)
        window_until = self._window_until(known, moment) if known.wrote else None
        if self._about.is_reply and window_until is not None and reason not in ALLOWS:
            reason = self._reply(reason, known, said, category, moment, standing, window_until - WINDOW)
        allow = reason in ALLOWS
        until = moment + self._lives
        if allow:
            for end in (standing.until, window_until, night, *self._begin):
                if end is not None and moment < end < until:
                    until = end
        is_stranger = not known.is_somebody
        log_size = known.common.log_size
        return Decision(allow, reason, moment, until, standing.record, window_until, log_size, is_stranger)

    def _night(self, category: str, contact: Contact, moment: datetime) -> datetime | None:
        """From when on offers to a contact rest, if that is near or past."""
        assert self._rules is not None
        if category != MARKETING or self._rules.company.quiet_from is None:
            return None
        return quiet.begins(contact, self._rules.company, moment)

    def _window_until(self, known: Known, moment: datetime) -> datetime | None:
        """When the service window that is open now closes: WhatsApp has one for each of our numbers."""
        ours = {one.pk for one in self._senders} if self._about.channel == Channel.WHATSAPP else set()
        closes = max((when + WINDOW for sender, when in known.wrote if sender in ours), default=None)
        return closes if closes is not None and closes > moment else None

    def _against(
        self, known: Known, category: str, contact: Contact, moment: datetime, night: datetime | None
    ) -> Reason | None:
        """What keeps a message back although the person agreed, the gravest first."""
        is_offer = category == MARKETING
        if known.holds and is_offer:
            return HOLDS[min(known.holds)]
        if known.troubles and (trouble := _trouble(known, contact, moment, is_offer=is_offer)):
            return trouble
        if ours := self._against_our_side(category, moment):
            return ours[0]
        if night is not None and night <= moment:
            return Reason.QUIET_HOURS
        return Reason.CAPPED if is_offer and known.sent and self._has_enough(known.sent, moment) else None

    def _against_our_side(self, category: str, moment: datetime) -> tuple[Reason, ...]:
        """What keeps a message back on our own side. How a company and its senders were stopped before is not known:
        that counts for now, and for what is ahead.
        """
        if moment != self._moment:
            return tuple(self._look_at_our_side(category, moment))
        if category not in self._ours:
            self._ours[category] = tuple(self._look_at_our_side(category, moment))
        return self._ours[category]

    def _look_at_our_side(self, category: str, moment: datetime) -> Iterator[Reason]:
        assert self._rules is not None
        if self._about.sender and not self._senders:
            yield Reason.UNKNOWN_SENDER
        if not self._is_past and self._rules.company.is_paused:
            yield Reason.PAUSED
        # Where no sender is named, any of them may carry the message.
        reasons = [self._against_sender(sender, category, moment) for sender in self._senders]
        if None not in reasons:
            yield from filter(None, reasons)

    def _against_sender(self, sender: Sender, category: str, moment: datetime) -> Reason | None:
        if not self._is_past and sender.is_paused:
            return Reason.PAUSED
        since, until = sender.restricted_since, sender.restricted_until
        is_over = until is not None and until <= moment
        if not sender.restriction or is_over or (since is not None and since > moment):
            return None
        if sender.restriction == Restriction.QUALITY and category != MARKETING:
            return None
        return RESTRICTED[sender.restriction]

    def _has_enough(self, sent: tuple[datetime, ...], moment: datetime) -> bool:
        """Whether a person got as many offers as the company allows, on all channels together."""
        assert self._rules is not None
        company = self._rules.company
        today = sum(at > moment - sendings.DAY for at in sent)
        this_week = sum(at > moment - sendings.WEEK for at in sent)
        return bool(
            (company.offers_per_day and today >= company.offers_per_day)
            or (company.offers_per_week and this_week >= company.offers_per_week)
        )

    def _reply(
        self, reason: Reason, known: Known, said: list[Said], category: str, moment: datetime,
        standing: Standing, wrote_at: datetime,
    ) -> Reason:  # fmt: skip
        """`in_window` where an answer to what they wrote may leave although a message of our own may not, else the
        reason that stands.

        A stop later than what they wrote leaves nothing to answer; offers are no answer to anybody who said no.
        """
        is_offer = category == MARKETING
        ended = [one.recorded_at for one in said if one.state in history.ENDS and one.recorded_at <= moment]
        if ended and not standing.is_given and (is_offer or max(ended) >= wrote_at):
            return reason
        if known.holds and is_offer:
            return HOLDS[min(known.holds)]
        ours = self._against_our_side(category, moment)
        return next((one for one in ours if one in NOT_EVEN_A_REPLY), Reason.IN_WINDOW)


def _trouble(known: Known, contact: Contact, moment: datetime, *, is_offer: bool) -> Reason | None:
    """Why messages do not get through, where they do not; a limit of the platform is on offers alone."""
    number_key = vault.number_key(contact)
    lasting = {
        one.kind
        for one in known.troubles
        if (one.until is None or one.until > moment) and one.number_key == number_key
    }
    for kind, reason in TROUBLES.items():
        if kind in lasting and (reason == Reason.UNREACHABLE or is_offer):
            return reason
    return None
