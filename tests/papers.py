"""A capture point for paper that stands in no database, and sheets of it."""

from consent import sample, starter
from consent.capture.paper import sheet
from consent.catalogue import Ask
from consent.models import CapturePoint, Company, Localized, Notice, NoticeVersion, Offer, Purpose, Sender
from consent.paper import code
from consent.vocabulary import Channel


def ask(boxes: int = 4) -> Ask:
    """Café Aurora, asking with so many boxes."""
    company = Company(
        pk=1,
        slug="aurora",
        name="Café Aurora",
        legal_name="Café Aurora Ltda.",
        country="BR",
        dpo_name="Equipe de privacidade",
        dpo_contact="privacidade@aurora.example",
        privacy_url="https://aurora.example/privacidade",
    )
    notice = Notice(pk=1, company=company, slug="novidades")
    title = {
        "en": "News from Café Aurora",
        "es": "Novedades de Café Aurora",
        "pt-BR": "Novidades do Café Aurora",
    }
    point = CapturePoint(
        pk=7,
        company=company,
        slug="novidades",
        title=Localized(title),
        notice=notice,
        sender=Sender(company=company, channel=Channel.SMS, address="+551150265000"),
    )
    purposes = [
        Purpose(
            pk=number, company=company, slug=slug, name=Localized(name), description=Localized(description)
        )
        for number, (slug, (_category, name, description)) in enumerate(sample.PURPOSES.items(), start=1)
    ]
    offers = [
        Offer(pk=i + 1, point=point, purpose=purposes[i // 3 % len(purposes)], channel=Channel.values[i % 3])
        for i in range(boxes)
    ]
    return Ask(point, tuple(offers), NoticeVersion(pk=3, notice=notice, wordings=starter.wordings()))


def sheets(count: int = 1, *, boxes: int = 4, language: str = "pt-BR", paper: str = "a4") -> bytes:
    """So many sheets as PDF."""
    serials = [code.new_serial() for _ in range(count)]
    return sheet.print_sheets(ask(boxes), language=language, serials=serials, paper=paper)
