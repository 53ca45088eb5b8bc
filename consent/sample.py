"""The sample company that `make run` shows: Café Aurora and its capture point `novidades`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from consent import catalogue, publishing, starter
from consent.models import (
    CapturePoint,
    Company,
    MessageTemplate,
    Notice,
    NoticeVersion,
    Offer,
    Purpose,
    Sender,
)
from consent.providers import sandbox_meta, sandbox_twilio
from consent.vocabulary import Category, Channel, Confirmation

COMPANY = {
    "name": "Café Aurora",
    "legal_name": "Café Aurora Ltda.",
    "address": "Rua das Flores 100, São Paulo, SP, Brasil",
    "country": "BR",
    "allowed_countries": ["BR", "CO", "US", "PT", "MX"],
    "dpo_name": "Equipe de privacidade",
    "dpo_contact": "privacidade@aurora.example",
    "privacy_url": "https://aurora.example/privacidade",
    "color": "#7a2e1d",
}
NEWS = {
    "en": "News from Café Aurora",
    "es": "Novedades de Café Aurora",
    "pt-BR": "Novidades do Café Aurora",
}
CALL_ME = {
    "en": "News from Café Aurora: call me to confirm",
    "es": "Novedades de Café Aurora: llámenme para confirmar",
    "pt-BR": "Novidades do Café Aurora: liguem para eu confirmar",
}
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

# Two on WhatsApp: one speaks with the pretend Meta, the other with the pretend Twilio.
SMS, VOICE = "+551140028922", "+551140028924"
AT_META, AT_TWILIO = "+551140028925", "+551140028923"
NUMBERS = (
    (Channel.SMS, SMS), (Channel.WHATSAPP, AT_META), (Channel.WHATSAPP, AT_TWILIO), (Channel.VOICE, VOICE)
)  # fmt: skip

# What the pretend Meta has approved: the question to whoever typed a number.
ASKS = {
    "en": "{company}: to get {boxes}, press the button. Code for the page: {code}. Not you? Reply STOP.",
    "es": "{company}: para recibir {boxes}, pulse el botón. "
    "Código para la página: {code}. ¿No fue usted? Responda SALIR.",
    "pt-BR": "{company}: para receber {boxes}, toque no botão. "
    "Código para a página: {code}. Não foi você? Responda SAIR.",
}
SHEETS = {
    "en": "Hello. The form you signed on {day} is registered at {company}: {boxes}. See it: {receipt} "
    "Is it wrong? Reply STOP.",
    "es": "Hola. El formulario que firmó el {day} está registrado en {company}: {boxes}. Véalo: {receipt} "
    "¿Hay un error? Responda SALIR.",
    "pt-BR": "Olá. O formulário que você assinou em {day} está registrado em {company}: {boxes}. Veja: {receipt} "
    "Está errado? Responda SAIR.",
}


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
    company, _made = Company.objects.get_or_create(slug="aurora", defaults=COMPANY)
    senders = {address: _sender(company, channel, address) for channel, address in NUMBERS}
    purposes = {
        slug: Purpose.objects.get_or_create(
            company=company,
            slug=slug,
            defaults={"category": category, "name": name, "description": description},
        )[0]
        for slug, (category, name, description) in PURPOSES.items()
    }
    version = _notice(company)
    asks = {"notice": version.notice, "sender": senders[SMS], "voice": senders[VOICE]}
    point = _point(company, "novidades", purposes, title=NEWS, keyword="promo", **asks)
    if point.voice is None:  # made before there were calls
        point.voice = senders[VOICE]
        point.save(update_fields=["voice"])
    _point(company, "ligue-me", purposes, title=CALL_ME, confirmation=Confirmation.CALL, **asks)
    catalogue.forget()
    return Sample(company, point, senders[SMS], purposes, version)


@transaction.atomic
def approve(made: Sample) -> None:
    """Add the texts that WhatsApp has approved, for the conversations of the sandbox."""
    at_meta, at_twilio = (made.company.senders.get(address=address) for address in (AT_META, AT_TWILIO))
    for language, body in ASKS.items():
        content = sandbox_twilio.content_sid(language)
        for sender, kind, name, text in (
            (at_meta, MessageTemplate.Kind.ASK, "confirm_number", body),
            (at_meta, MessageTemplate.Kind.PAPER, "sheet_registered", SHEETS[language]),
            (at_twilio, MessageTemplate.Kind.INVITE, content, "{text}"),
        ):
            MessageTemplate.objects.get_or_create(
                sender=sender, kind=kind, language=language, point=None, defaults={"name": name, "body": text}
            )


def _sender(company: Company, channel: Channel, address: str) -> Sender:
    defaults: dict[str, Any] = {"company": company, "provider": "sandbox"}
    if address == AT_META:
        defaults |= {
            "account": sandbox_meta.business_id(),
            "number_id": sandbox_meta.phone_number_id(address),
        }
    return Sender.objects.get_or_create(channel=channel, address=address, defaults=defaults)[0]


def _point(company: Company, slug: str, purposes: Mapping[str, Purpose], **asks: Any) -> CapturePoint:
    point, made = CapturePoint.objects.get_or_create(company=company, slug=slug, defaults=asks)
    if made:
        for position, (purpose, channel) in enumerate(OFFERS):
            Offer.objects.create(point=point, purpose=purposes[purpose], channel=channel, position=position)
    return point


def _notice(company: Company) -> NoticeVersion:
    """The version shown now, or the newest there is: what staff retired or are writing is their affair."""
    notice, _made = Notice.objects.get_or_create(company=company, slug="novidades")
    version = notice.current or notice.versions.first()
    if version is not None:
        return version
    wordings = starter.wordings(sms_to_us="US" in company.countries)
    return publishing.publish(NoticeVersion.objects.create(notice=notice, wordings=wordings))
