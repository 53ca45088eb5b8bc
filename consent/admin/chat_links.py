"""The links that open the question of a capture point in a conversation, with its keyword written already."""

from typing import Any

from django.http import Http404

from consent import contact, poster
from consent.models import CapturePoint, Sender
from consent.vocabulary import Channel


def context(point: CapturePoint) -> dict[str, Any]:
    """What the page of a capture point shows of its conversations; empty links where there is no such number."""
    sms, chat = _sender(point, Channel.SMS), _sender(point, Channel.WHATSAPP)
    return {
        "keyword": point.keyword.upper(),
        "other_keywords": ", ".join(_in_other_languages(point)),
        "sms_number": contact.written(sms.address) if sms else "",
        "sms_link": poster.chat_link(point, sms) if sms else "",
        "whatsapp_number": contact.written(chat.address) if chat else "",
        "whatsapp_link": poster.chat_link(point, chat) if chat else "",
    }


def whatsapp(point: CapturePoint) -> str:
    """The link that opens the question in WhatsApp. Raises Http404 where there is no keyword, or no number."""
    chat = _sender(point, Channel.WHATSAPP)
    if chat is None or not point.keyword:
        raise Http404
    return poster.chat_link(point, chat)


def _in_other_languages(point: CapturePoint) -> list[str]:
    """What to write to be asked in each other language: "PROMO ES"."""
    short = (code.partition("-")[0] for code in point.languages if code != point.company.language)
    return [f"{point.keyword.upper()} {code.upper()}" for code in short]


def _sender(point: CapturePoint, channel: str) -> Sender | None:
    """The capture point's own number on a channel, else the company's first: a keyword works at each of them."""
    if point.sender.channel == channel:
        return point.sender
    return Sender.objects.filter(company=point.company_id, channel=channel).order_by("pk").first()
