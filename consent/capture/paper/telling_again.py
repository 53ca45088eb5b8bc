"""Telling people once more what failed to reach them for want of words that WhatsApp had approved."""

from datetime import datetime
from zoneinfo import ZoneInfo

from consent import catalogue, history, opening, outgoing
from consent.canonical import canonical
from consent.capture.paper import METHOD, telling
from consent.catalogue import Ask
from consent.models import ConsentRecord, Offer, OutboundMessage, PaperBatch, PaperPage
from consent.recording import Telling
from consent.vault import SealBroken
from consent.vocabulary import State as Consent
from consent.wording import statement

# Our code, Meta's and Twilio's for free words outside of the window.
NO_WORDS = ("window.closed", "131047", "63016")
KINDS = (OutboundMessage.Kind.ASK, OutboundMessage.Kind.RECEIPT)
State = OutboundMessage.State


def lost(batch: PaperBatch) -> list[OutboundMessage]:
    """The messages about sheets of a batch that failed for want of approved words."""
    acts = batch.pages.filter(state=PaperPage.State.COMMITTED).values("act")
    found = OutboundMessage.objects.filter(
        act__in=acts, kind__in=KINDS, state=State.FAILED, error__in=NO_WORDS
    )
    return list(found.select_related("company", "sender").order_by("created_at"))


def tell_again(message: OutboundMessage, *, at: datetime) -> bool:
    """Queue a message of `lost` once more, in the words that are approved by now; whoever comes second changes nothing.

    False where there are still none, or where what it was about does not stand any more: nobody is told of a yes
    that they took back.
    """
    try:
        told = _telling(message, at=at)
        if told is None or told.template is None:
            return False
        contact = outgoing.read(opening.message_content(message)).to
        sealed = opening.seal_message(message, canonical(told.to(contact).content()))
    except (opening.Erased, SealBroken):
        return False
    failed = OutboundMessage.objects.filter(
        pk=message.pk, state=State.FAILED, error__in=NO_WORDS, lease_until__isnull=True
    )
    return bool(failed.update(state=State.QUEUED, sealed=sealed, error="", due_at=at, attempts=0))


def _telling(message: OutboundMessage, *, at: datetime) -> Telling | None:
    """The message anew, by what the records of its act say and still stand for; None where nobody should get it."""
    meant = Consent.REQUESTED if message.kind == OutboundMessage.Kind.ASK else Consent.GIVEN
    standings = history.standings(message.subject, at=at)
    said = ConsentRecord.objects.filter(
        act=message.act, method=METHOD.slug, state=meant, purpose__isnull=False
    )
    records = [
        record
        for record in said.select_related("company", "purpose", "point").order_by("arrival")
        if (standing := standings.get((record.channel, record.purpose_id))) and standing.state == meant
    ]
    first = records[0] if records else None
    if first is None or first.point is None or first.notice_id is None:
        return None
    now = catalogue.ask(first.company.slug, first.point.slug)
    version = catalogue.version(first.notice_id)
    if now is None or version is None:
        return None
    offers = tuple(Offer(point=now.point, purpose=one.purpose, channel=one.channel) for one in records)
    ask = Ask(now.point, offers, version)
    boxes = statement(ask, version, first.language, wording="paper").boxes
    signed_on = first.event_time.astimezone(ZoneInfo(first.company.time_zone)).date()
    told = telling.telling(ask, boxes, first.language, message.act, signed_on=signed_on)
    # The capture point may have another sender or policy by now; then this is another message.
    return told if (told.kind, told.sender.pk) == (message.kind, message.sender_id) else None
