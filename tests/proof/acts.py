"""What Ana, Bruno and Clara say to Café Aurora, for whoever tests what becomes of it."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from consent import recording
from consent.contact import Contact
from consent.log import tree
from consent.proof import account
from consent.proof.account import Account
from consent.recording import ConsentEvent
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State

ANA = Contact.tel("+5511987654321")
WHEN = datetime(2026, 11, 20, 17, 5, 9, 250_000, tzinfo=UTC)
BOTH = (("novidades", Channel.SMS), ("novidades", Channel.WHATSAPP))

_numbers = count()


def say(sample: Sample, state: State = State.GIVEN, *, boxes: Any = BOTH, **about: Any) -> Account:
    """Records one act, by Ana and on the web form unless told otherwise; a box is a purpose and a channel."""
    fields: dict[str, Any] = {
        "company": sample.company,
        "contact": ANA,
        "state": state,
        "notice": sample.version,
        "language": "pt-BR",
        "event_time": WHEN,
        "method": "website",
        "evidence": {"shown": "Café Aurora quer escrever para você."},
        "reference": f"website:{next(_numbers)}",
        "possession": Possession.CODE,
        "point": sample.point,
    } | about
    recorded = recording.record(
        *(
            ConsentEvent(purpose=sample.purposes[slug] if slug else None, channel=channel, **fields)
            for slug, channel in boxes
        )
    )
    found = account.read(recorded.act)
    assert found is not None
    return found


def say_among_others(sample: Sample) -> Account:
    """Ana's yes to news by SMS and WhatsApp, in the published log after five acts of other people."""
    for number in range(5):
        say(sample, boxes=(("pedidos", Channel.SMS),), contact=Contact.tel(f"+55119876500{number:02}"))
    found = say(sample)
    tree.sequence()
    return found
