"""Two companies that must not see each other, with one of everything, and their staff."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from consent import publishing, recording, starter, vault
from consent.admin import confirming
from consent.models import (
    ApiKey,
    CapturePoint,
    Company,
    InboundMessage,
    Localized,
    Membership,
    Notice,
    NoticeVersion,
    Offer,
    OutboundMessage,
    Purpose,
    Sender,
)
from consent.recording import Recorded, Telling
from consent.sample import Sample
from consent.vocabulary import Channel, Language
from tests import cast

PASSWORD = "sample-only-password"
# Stands in every name of the other company, so that a page that shows it has leaked.
CANARY = "Horizonte"


@dataclass(frozen=True)
class Firm:
    """One company with one of everything."""

    aurora: Sample
    draft: NoticeVersion
    key: ApiKey
    said: Recorded
    inbound: InboundMessage

    @property
    def company(self) -> Company:
        return self.aurora.company

    @property
    def message(self) -> OutboundMessage:
        return OutboundMessage.objects.filter(act=self.said.act).latest("created_at")


def in_every_language(text: str) -> Localized:
    return Localized(dict.fromkeys(Language.values, text))


def other_sample() -> Sample:
    """Padaria Horizonte, which has the same short names as Café Aurora."""
    company = Company.objects.create(
        slug="horizonte", name=f"Padaria {CANARY}", legal_name=f"{CANARY} Ltda.", address="Rua B 2",
        dpo_name=f"DPO {CANARY}", dpo_contact="privacidade@horizonte.example",
        privacy_url="https://horizonte.example/", time_zone="America/Bogota",
    )  # fmt: skip
    sender = Sender.objects.create(company=company, channel=Channel.SMS, address="+551140028999")
    Sender.objects.create(company=company, channel=Channel.WHATSAPP, address="+551140028998")
    purpose = Purpose.objects.create(
        company=company, slug="novidades", category="marketing", name=in_every_language(f"News {CANARY}"),
        description=in_every_language(f"About {CANARY}"),
    )  # fmt: skip
    notice = Notice.objects.create(company=company, slug="novidades-horizonte")
    version = publishing.publish(NoticeVersion.objects.create(notice=notice, wordings=starter.wordings()))
    point = CapturePoint.objects.create(
        company=company,
        slug="novidades",
        title=in_every_language(f"Point {CANARY}"),
        notice=notice,
        sender=sender,
        keyword="pao",
    )
    Offer.objects.create(point=point, purpose=purpose, channel=Channel.SMS)
    return Sample(company, point, sender, {"novidades": purpose}, version)


def firm(aurora: Sample) -> Firm:
    """A draft, a key, an act with a message, and an incoming message for a company."""
    draft = NoticeVersion.objects.create(
        notice=aurora.point.notice, major=2, wordings={"en": {"screen": f"Draft of {aurora.company}"}}
    )
    key = ApiKey.objects.create(
        company=aurora.company, name=f"Key of {aurora.company}", digest=vault.digest("t", aurora.company.slug)
    )
    evidence = {
        "text": "Shown to Ana.\n\nIn two parts.",
        "number": cast.ANA.value,
        "address": "203.0.113.9",
        "boxes": [{"key": "a.sms", "label": "News by SMS", "hint": "monthly", "ticked": True}],
    }
    event = cast.event(aurora, evidence=evidence)
    said = recording.record(
        event, tell=lambda _act: [Telling(kind="ask", sender=aurora.sender, text="Reply SIM")]
    )
    inbound = InboundMessage.objects.create(
        id=vault.new_id(), event=vault.digest("e", aurora.company.slug), provider="sandbox",
        sender=aurora.sender, state=InboundMessage.State.ANSWERED, sealed=b"x", digest=b"d" * 32,
        received_at=timezone.now(),
    )  # fmt: skip
    return Firm(aurora, draft, key, said, inbound)


def user(name: str, *groups: str, company: Company | None = None, **values: Any) -> User:
    """Somebody of the staff."""
    made = User.objects.create_user(name, password=PASSWORD, is_staff=True, **values)
    made.groups.set(Group.objects.filter(name__in=groups))
    assert made.groups.count() == len(groups)
    if company:
        Membership.objects.create(user=made, company=company)
    return made


def signed_in(somebody: User) -> Client:
    client = Client()
    client.force_login(somebody)
    session = client.session
    session[confirming.KEY] = timezone.now().timestamp()  # as if they had come through the sign-in just now
    session.save()
    return client
