"""Whether a sender's provider answers us, knows our number, and calls us back at our own address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from twilio.rest import Client

from consent.models import Sender
from consent.providers import accounts, egress, meta_numbers, twilio, webhooks
from consent.providers.accounts import Account
from consent.providers.errors import SendError
from consent.providers.meta_numbers import Number
from consent.vocabulary import Channel

# Which channels a provider has.
CHANNELS = {
    "sandbox": frozenset(Channel),
    "twilio": frozenset(Channel),
    "meta": frozenset({Channel.WHATSAPP}),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: what the provider calls the account, and what is wrong there, as codes."""

    name: str
    problems: tuple[str, ...]


def hooks(sender: Sender) -> dict[str, str]:
    """The addresses of ours that a sender's provider has to call, by what they are for."""
    if sender.provider == "meta":
        paths = {"meta": webhooks.META}
    elif sender.channel == Channel.VOICE:
        paths = {"calls": webhooks.VOICE, "call_status": webhooks.VOICE_STATUS}
    else:
        paths = {"messages": webhooks.MESSAGES, "status": webhooks.STATUS}
    return {name: f"{settings.OPTIN_PUBLIC_URL}{path}" for name, path in paths.items()}


def check(sender: Sender) -> Found:
    """Ask the provider about a sender now. Changes nothing there, and never raises."""
    try:
        if sender.provider == "sandbox":
            return sandbox()
        if sender.provider == "meta":
            return at_meta(sender, meta_numbers.of(sender))
        return at_twilio(sender, accounts.of(sender))
    except SendError as error:
        return Found("", (error.code,))


def sandbox() -> Found:
    """Whether this installation reaches itself by its public address, as its sandbox does. Raises SendError."""
    if not settings.OPTIN_SANDBOX:
        raise SendError("sandbox.off")
    try:
        answer = egress.get(f"{settings.OPTIN_PUBLIC_URL}/sandbox/", {})
    except egress.Failure as failure:
        raise SendError(failure.code) from None
    return Found("Sandbox", () if answer.status == HTTPStatus.OK else (str(answer.status),))


def at_twilio(sender: Sender, account: Account) -> Found:
    """Whether Twilio knows the account and the number, and calls us for it. Raises SendError."""
    seen = twilio.look(account, lambda client: client.api.accounts(account.sid).fetch())
    problems = []
    if seen.status != "active":
        problems.append("account.suspended")
    elif seen.type == "Trial":
        problems.append("account.trial")
    # WhatsApp senders are no numbers of the account in this part of Twilio's API.
    if sender.channel != Channel.WHATSAPP:
        problems += _number_problems(sender, twilio.look(account, lambda client: _number(client, sender)))
    return Found(str(seen.friendly_name), tuple(problems))


def at_meta(sender: Sender, number: Number) -> Found:
    """Whether Meta knows the number, has it online, and calls our app about its account. Raises SendError."""
    seen = _graph(number, number.id, {"fields": "display_phone_number,verified_name,status,quality_rating"})
    problems = []
    if _digits(seen.get("display_phone_number")) != _digits(sender.address):
        problems.append("number.another")
    if seen.get("status", "CONNECTED") != "CONNECTED":
        problems.append("number.offline")
    if seen.get("quality_rating") == "RED":
        problems.append("quality.red")
    if not _graph(number, f"{sender.account}/subscribed_apps", {}).get("data"):
        problems.append("webhook.elsewhere")
    return Found(str(seen.get("verified_name", number.id)), tuple(problems))


def _graph(number: Number, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {number.keys.tokens[0]}"}
    try:
        answer = egress.get(f"{number.api}/{settings.OPTIN_META_VERSION}/{path}", parameters, headers=headers)
    except egress.Failure as failure:
        raise SendError(failure.code) from None
    try:
        found = json.loads(answer.text)
        if answer.status == HTTPStatus.OK and isinstance(found, dict):
            return found
        code = str(found["error"]["code"])
    except (ValueError, TypeError, KeyError, RecursionError):
        code = "answer.unreadable" if answer.status == HTTPStatus.OK else str(answer.status)
    raise SendError(code)


def _digits(number: object) -> str:
    return "".join(character for character in str(number) if character in "0123456789")


def _number(client: Client, sender: Sender) -> Any:
    found = client.incoming_phone_numbers.list(phone_number=sender.address, limit=1)
    return found[0] if found else None


def _number_problems(sender: Sender, number: Any) -> list[str]:
    if number is None:
        return ["number.not_there"]
    use = "voice" if sender.channel == Channel.VOICE else "sms"
    if not (number.capabilities or {}).get(use):
        return ["number.cannot"]
    called = number.voice_url if use == "voice" else number.sms_url
    return [] if called in hooks(sender).values() else ["webhook.elsewhere"]
