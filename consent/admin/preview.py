"""How a notice will reach people by each of the six methods, without showing it to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from consent import branding, wording
from consent.capture.ivr import incoming
from consent.catalogue import Ask
from consent.dialogue import inviting, tapping
from consent.linting import sms
from consent.models import NoticeVersion
from consent.providers.twilio_voice import Line
from consent.vocabulary import Language
from consent.wording import Statement

MEANINGS = {
    "company": _("the company's name"),
    "legal_name": _("its legal name"),
    "channels": _("the channels of the boxes, such as “SMS and WhatsApp”"),
    "purposes": _("the purposes of the boxes"),
    "privacy_url": _("the address of the privacy policy"),
    "dpo_name": _("the data protection officer"),
    "dpo_contact": _("the contact of the officer"),
    "sender": _("the number that messages come from"),
    "how_to_stop": _("what to do to stop, such as “reply STOP to any message”"),
}
# What the rules of linting look for; the purposes stand at the boxes too.
REQUIRED = {"company", "legal_name", "channels", "how_to_stop", "dpo_contact", "privacy_url"}


@dataclass(frozen=True, slots=True)
class Page:
    """What a capture point says in one language, by every method."""

    language: str
    name: str
    title: str
    company: str
    screen: Statement  # website and app
    message: str  # WhatsApp and SMS
    buttons: tuple[str, ...]  # under it in WhatsApp; none where it is too long for them
    spoken: Sequence[Line]  # call: each with its language
    paper: Statement
    brand: branding.Brand

    @property
    def sms_parts(self) -> int:
        return sms.parts(self.message)


def pages(version: NoticeVersion, ask: Ask) -> list[Page]:
    """What a capture point would say with this version's texts, in every language."""
    return [_page(version, ask, language) for language in Language.values]


def chosen(asks: Sequence[Ask], point: str) -> Ask:
    """The capture point with a key typed into an address; the first where it is none of them."""
    return next((ask for ask in asks if str(ask.point.pk) == point), asks[0])


def placeholders() -> list[tuple[str, str, bool]]:
    """What may be written in braces: (name, meaning, whether the rules ask for it)."""
    return [(name, str(MEANINGS[name]), name in REQUIRED) for name in wording.PLACEHOLDERS]


def _page(version: NoticeVersion, ask: Ask, language: str) -> Page:
    def said(kind: str) -> Statement:
        return wording.statement(ask, version, language, wording=kind)

    message = inviting.words(said("message"))
    return Page(
        language=language,
        name=str(Language(language).label),
        title=ask.point.title.in_language(language),
        company=ask.company.name,
        screen=said("screen"),
        message=message,
        buttons=tuple(tapping.titles(language).values()) if tapping.fits(message) else (),
        spoken=incoming.lines(replace(ask, version=version), language),
        paper=said("paper"),
        brand=branding.brand(ask.company),
    )
