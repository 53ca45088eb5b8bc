"""What leaves for a person is sealed and read again unchanged."""

import json

from consent import outgoing
from consent.canonical import canonical
from consent.outgoing import Button, Outgoing, Template
from tests.cast import ANA


def test_what_is_sealed_is_what_leaves() -> None:
    plain = Outgoing(to=ANA, text="Olá")
    whole = Outgoing(
        to=ANA,
        text="Olá",
        buttons=(Button("yes.1.2", "Sim"), Button("no.1.2", "Não")),
        template=Template("optin_confirm", "pt_BR", ("Café Aurora", "novidades")),
        call="/hooks/twilio/voice/",
    )
    for one in (plain, whole, Outgoing(to=ANA, text="Olá", template=Template("hello", "en"))):
        assert outgoing.read(json.loads(canonical(one.content()))) == one
    assert plain.content() == {"to": ANA.value, "scheme": "tel", "text": "Olá"}
