"""How a notice will look to people, without showing it to them."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from consent import branding, catalogue, wording
from consent.catalogue import Ask
from consent.models import CapturePoint, Localized, NoticeVersion, Offer, Sender
from consent.vocabulary import Channel, Language
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
    """The form in one language."""

    language: str
    name: str
    title: str
    company: str
    statement: Statement
    brand: branding.Brand


def pages(version: NoticeVersion, *, point: int | None) -> list[Page]:
    """The form with this version's texts, in every language: at one of its capture points or an example."""
    ask = _ask(version, point)
    return [
        Page(
            language=language,
            name=str(Language(language).label),
            title=ask.point.title.in_language(language),
            company=ask.company.name,
            statement=wording.statement(ask, version, language),
            brand=branding.brand(ask.company),
        )
        for language in Language.values
    ]


def placeholders() -> list[tuple[str, str, bool]]:
    """What may be written in braces: (name, meaning, whether the rules ask for it)."""
    return [(name, str(MEANINGS[name]), name in REQUIRED) for name in wording.PLACEHOLDERS]


def _ask(version: NoticeVersion, point: int | None) -> Ask:
    points = version.notice.points.select_related("company").order_by("slug")
    chosen = (points.filter(pk=point).first() if point else None) or points.first()
    ask = catalogue.ask(chosen.company.slug, chosen.slug) if chosen else None
    return replace(ask, version=version) if ask and ask.offers else _example(version)


def _example(version: NoticeVersion) -> Ask:
    """Boxes for every purpose of the company, for a notice that no capture point uses yet."""
    company = version.notice.company
    sender = company.senders.first() or Sender(company=company, channel=Channel.SMS, address="+00 00 0000")
    title = Localized(dict.fromkeys(Language.values, company.name))
    point = CapturePoint(
        company=company, slug=version.notice.slug, title=title, notice=version.notice, sender=sender
    )
    offers = [Offer(point=point, purpose=purpose, channel=Channel.SMS) for purpose in company.purposes.all()]
    return Ask(point, tuple(offers), version)
