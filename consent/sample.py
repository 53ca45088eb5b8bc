"""The sample company that `make run` shows: Café Aurora and its capture point `novidades`."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from consent import catalogue, publishing, starter
from consent.models import CapturePoint, Company, Notice, NoticeVersion, Offer, Purpose, Sender
from consent.vocabulary import Category, Channel, Confirmation

PURPOSES = {
    "novidades": (
        Category.MARKETING,
        {"en": "News and offers", "es": "Novedades y ofertas", "pt-BR": "Novidades e ofertas"},
        {
            "en": "At most 4 messages a month, for 2 years.",
            "es": "Como máximo 4 mensajes al mes, durante 2 años.",
            "pt-BR": "No máximo 4 mensagens por mês, por 2 anos.",
        },
    ),
    "pedidos": (
        Category.UTILITY,
        {"en": "News of your orders", "es": "Avisos de sus pedidos", "pt-BR": "Avisos dos seus pedidos"},
        {
            "en": "A message when an order is ready, for 2 years.",
            "es": "Un mensaje cuando un pedido esté listo, durante 2 años.",
            "pt-BR": "Uma mensagem quando um pedido ficar pronto, por 2 anos.",
        },
    ),
}

OFFERS = (("novidades", Channel.SMS), ("novidades", Channel.WHATSAPP), ("pedidos", Channel.SMS))


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample company with its parts."""

    company: Company
    point: CapturePoint
    sender: Sender
    purposes: dict[str, Purpose]
    version: NoticeVersion


@transaction.atomic
def seed() -> Sample:
    """Make the sample company where it is missing; what is there already is left as it is."""
    company, _made = Company.objects.get_or_create(
        slug="aurora",
        defaults={
            "name": "Café Aurora",
            "legal_name": "Café Aurora Ltda.",
            "address": "Rua das Flores 100, São Paulo, SP, Brasil",
            "country": "BR",
            "allowed_countries": ["BR", "CO", "US", "PT", "MX"],
            "dpo_name": "Equipe de privacidade",
            "dpo_contact": "privacidade@aurora.example",
            "privacy_url": "https://aurora.example/privacidade",
            "color": "#7a2e1d",
        },
    )
    senders = {
        channel: Sender.objects.get_or_create(
            channel=channel, address=address, defaults={"company": company, "provider": "sandbox"}
        )[0]
        for channel, address in ((Channel.SMS, "+551140028922"), (Channel.WHATSAPP, "+551140028923"),
                                 (Channel.VOICE, "+551140028924"))
    }  # fmt: skip
    purposes = {
        slug: Purpose.objects.get_or_create(
            company=company,
            slug=slug,
            defaults={"category": category, "name": name, "description": description},
        )[0]
        for slug, (category, name, description) in PURPOSES.items()
    }
    version = _notice(company)
    point, made = CapturePoint.objects.get_or_create(
        company=company,
        slug="novidades",
        defaults={
            "title": {
                "en": "News from Café Aurora",
                "es": "Novedades de Café Aurora",
                "pt-BR": "Novidades do Café Aurora",
            },
            "notice": version.notice,
            "sender": senders[Channel.SMS],
            "voice": senders[Channel.VOICE],
            "keyword": "promo",
        },
    )
    if made:
        _offer(point, purposes)
    calling, made = CapturePoint.objects.get_or_create(
        company=company,
        slug="ligue-me",
        defaults={
            "title": {
                "en": "News from Café Aurora: call me to confirm",
                "es": "Novedades de Café Aurora: llámenme para confirmar",
                "pt-BR": "Novidades do Café Aurora: liguem para eu confirmar",
            },
            "notice": version.notice,
            "sender": senders[Channel.SMS],
            "voice": senders[Channel.VOICE],
            "confirmation": Confirmation.CALL,
        },
    )
    if made:
        _offer(calling, purposes)
    catalogue.forget()
    return Sample(company, point, senders[Channel.SMS], purposes, version)


def _offer(point: CapturePoint, purposes: Mapping[str, Purpose]) -> None:
    for position, (slug, channel) in enumerate(OFFERS):
        Offer.objects.create(point=point, purpose=purposes[slug], channel=channel, position=position)


def _notice(company: Company) -> NoticeVersion:
    """The version shown now, or the newest there is: what staff retired or are writing is their affair."""
    notice, _made = Notice.objects.get_or_create(company=company, slug="novidades")
    version = notice.current or notice.versions.first()
    if version is not None:
        return version
    wordings = starter.wordings(sms_to_us="US" in company.countries)
    return publishing.publish(NoticeVersion.objects.create(notice=notice, wordings=wordings))
