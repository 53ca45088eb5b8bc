"""A call of ours to a number that somebody typed: whoever answers it holds the number, and says yes or no."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import override

from consent import dialogue, opening, receipts, vault, wording
from consent.canonical import moment
from consent.capture.ivr import METHOD, spoken
from consent.capture.ivr.step import YES, Step
from consent.models import ConsentRecord, OutboundMessage
from consent.providers.twilio_voice import Line
from consent.recording import Telling
from consent.vocabulary import Possession, django_code


def question(step: Step) -> list[Line]:
    """The words that were pinned when the call was asked for; none where nothing waits for an answer now."""
    call, message = step.call, _message(step)
    request = dialogue.waiting_request(message.act)
    if request is None:
        return []
    call.act, call.language = message.act, request.language
    call.point, call.version = request.point, request.notice
    paragraphs = str(opening.message_content(message)["text"]).split("\n\n")
    return [(call.language, paragraph) for paragraph in paragraphs]


def knows_key(_step: Step) -> bool:
    """There is always something to say yes or no to: we asked."""
    return True


def yes(_step: Step) -> bool:
    """Nothing is recorded yet: the yes counts when it was read back to the end."""
    return True


def read_back(step: Step) -> list[Line]:
    """What was agreed to."""
    records = ConsentRecord.objects.filter(act=step.call.act).select_related("purpose").order_by("arrival")
    language = step.call.language
    labels = [wording.label(record.purpose, record.channel, language) for record in records if record.purpose]
    return [spoken.pressed_yes(step.sender.company, labels, language)]


def finish(step: Step) -> list[Line]:
    """Record the grant, read its reference out, and send the receipt by SMS where the company writes SMS."""
    call, company = step.call, step.sender.company
    assert call.act is not None
    assert call.pressed_at is not None
    sms = spoken.sms_sender(company)

    def tell(act: UUID) -> Iterable[Telling]:
        with override(django_code(call.language)):
            text = receipts.short_text(act, company.name)
        return [Telling(kind=OutboundMessage.Kind.RECEIPT, sender=sms, text=text)] if sms else []

    evidence = step.evidence() | {
        "digits": YES,
        "answered_at": moment(call.pressed_at),
        "heard_to_the_end_at": moment(step.at),
        "shown": str(opening.message_content(_message(step))["text"]),
    }
    recorded = dialogue.confirm(
        call.act, possession=Possession.CALL, method=METHOD.slug, reference=step.reference,
        evidence=evidence, tell=tell,
    )  # fmt: skip
    if recorded is None:
        return [spoken.nothing_waits(company, call.language)]
    return [spoken.recorded(vault.code(recorded.act), call.language, by_sms=sms is not None)]


def no(step: Step) -> bool:
    """Record the refusal."""
    take_back(step)
    return True


def take_back(step: Step) -> None:
    """Record that whoever answered does not want it."""
    assert step.call.act is not None
    dialogue.refuse(
        step.call.act, possession=Possession.CALL, method=METHOD.slug, reference=step.reference,
        evidence=step.evidence(),
    )  # fmt: skip


def _message(step: Step) -> OutboundMessage:
    assert step.message is not None, "we called"
    return step.message
