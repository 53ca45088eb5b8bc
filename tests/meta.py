"""Webhooks as Meta calls them, signed by two lines of our own, so that nobody agrees with themselves."""

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Sequence
from typing import Any

from django.test import Client
from django.utils import timezone

from consent.capture.whatsapp import working
from consent.models import InboundMessage, OutboundMessage, Sender
from consent.providers import meta_numbers
from consent.providers.meta_numbers import Keys
from consent.sample import Sample
from tests.cast import ANA

PATH = "/hooks/meta/"
NUMBER_ID = "106540352242922"
ACCOUNT = "102290129340398"
SECRET = "an-app-secret"
KEYS = Keys(("an-access-token",), (SECRET,), ("a-verify-token",))

_number = itertools.count(time.time_ns())


def sender(aurora: Sample, *, keys: Keys = KEYS, number_id: str = NUMBER_ID, **changes: Any) -> Sender:
    """The WhatsApp number of Café Aurora, really at Meta."""
    values = {
        "company": aurora.company,
        "channel": "whatsapp",
        "provider": "meta",
        "address": "+15550783881",
        "account": ACCOUNT,
        "number_id": number_id,
        "secret": meta_numbers.seal(number_id, keys),
    }
    made = Sender.objects.create(**(values | changes))
    meta_numbers.forget()
    return made


def wamid() -> str:
    """An id of a message that nobody has used."""
    return f"wamid.HBgL{next(_number):X}"


def text(body: str, **changes: Any) -> dict[str, Any]:
    """Ana writes."""
    return message("text", {"body": body}, **changes)


def message(kind: str, part: Any, **changes: Any) -> dict[str, Any]:
    """A message of Ana's of one kind."""
    now = str(int(timezone.now().timestamp()))
    message = {"from": ANA.value[1:], "id": wamid(), "timestamp": now, "type": kind, kind: part}
    return {name: value for name, value in (message | changes).items() if value is not None}


def tap(payload: str, title: str = "Sim, aceito", **changes: Any) -> dict[str, Any]:
    """Ana taps a reply button."""
    reply = {"type": "button_reply", "button_reply": {"id": payload, "title": title}}
    return message("interactive", reply, **changes)


def value(number_id: str = NUMBER_ID, **parts: Any) -> dict[str, Any]:
    """What a change is about."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": number_id},
        "contacts": [{"profile": {"name": "Ana Souza"}, "wa_id": ANA.value[1:]}],
        **parts,
    }


def batch(*values: Any, field: str = "messages") -> dict[str, Any]:
    """A batch with one entry and a change for each value."""
    changes = [{"field": field, "value": value} for value in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": changes}]}


def signature(body: bytes, secret: str = SECRET) -> str:
    """What Meta's documentation says a signature is."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(
    client: Client, content: Any, *, secret: str = SECRET, signed: str | None = None, **headers: str
) -> Any:
    """Call the webhook; `signed` replaces the signature that Meta would have sent."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    right = signature(body, secret) if signed is None else signed
    headers = {"X-Hub-Signature-256": right} | headers
    return client.post(PATH, body, content_type="application/json", headers=headers)


def delivers(client: Client, *messages: Any, **parts: Any) -> list[str]:
    """Meta delivers messages in one batch and the worker takes them in; the states of what is kept."""
    listed = {"messages": list(messages), **parts} if messages else parts
    assert post(client, batch(value(**listed))).status_code == 200
    drain()
    return kept()


def drain() -> None:
    """Work until nothing waits."""
    while working.drain():
        pass


def kept() -> list[str]:
    """The states of what was kept, the oldest first."""
    return list(InboundMessage.objects.order_by("received_at", "id").values_list("state", flat=True))


def queued() -> Sequence[OutboundMessage]:
    """What waits to be sent, the oldest first."""
    return list(OutboundMessage.objects.filter(state="queued").order_by("created_at", "id"))
