"""A yes that somebody gave on Meta's own page, under words that the company wrote there."""

import hashlib
from collections.abc import Mapping
from typing import Any

from consent import recording
from consent.catalogue import Ask
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.dialogue.saying import SaidAt
from consent.models import Sender
from consent.recording import ConsentEvent, Recorded
from consent.vocabulary import Category, Channel, Possession, State


def signed_up(
    ask: Ask, *, sender: Sender, contact: Contact, method: str, reference: str, evidence: Mapping[str, Any],
    said_at: SaidAt,
) -> Recorded | None:  # fmt: skip
    """Record that somebody agreed to offers on WhatsApp by a sign-up link at Meta; None where nothing of the
    kind is on offer.

    The evidence gets the words of the link as staff wrote them down, with their digest, and those of the privacy
    policy's address; the notice is the capture point's own, under which messages then go.
    """
    version, text = ask.version, ask.point.signup_text
    offers = [
        offer
        for offer in ask.offers
        if offer.channel == Channel.WHATSAPP and offer.purpose.category == Category.MARKETING
    ]
    if version is None or not ask.is_open or not text or not offers:
        return None
    whole = {
        **evidence,
        **said_at.evidence(),
        "text": text,
        "shown": text,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "signup": ask.point.signup,
        "privacy_url": ask.company.privacy_url,
        "notice": f"{version.notice.slug} {version.number}",
    }
    language = hearing.language_for(sender, contact)
    return recording.record(
        *(
            ConsentEvent(
                company=ask.company, contact=contact, purpose=offer.purpose, channel=offer.channel,
                state=State.GIVEN, notice=version, language=language, event_time=said_at.at,
                clock=said_at.clock, method=method,
                reference=f"{method}:{reference}", evidence=whole, entity="platform:meta",
                possession=Possession.INBOUND, point=ask.point,
            )
            for offer in offers
        )
    )  # fmt: skip
