"""The account that the sandbox has at its own Meta, and the updates that Meta posts, as the sandbox makes them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from consent import vault

DIGITS = 15

# What Meta says of a message that did not arrive, and of one it does not take.
TITLES = {
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131050: "User has stopped marketing messages from your business",
}


def business_id() -> str:
    """The id of the WhatsApp business account."""
    return _digits("business")


def phone_number_id(address: str) -> str:
    """The id that Meta has for one of our numbers."""
    return _digits("number", address)


def text(*, wamid: str, from_: str, to: str, text: str) -> dict[str, Any]:
    """The update that somebody wrote."""
    return _message(to, from_, {**_said(wamid, from_), "type": "text", "text": {"body": text}})


def pressed(
    *, wamid: str, from_: str, to: str, text: str, payload: str, replied: str, is_template: bool
) -> dict[str, Any]:
    """The update that somebody pressed a button of the message `replied`."""
    said = {"context": {"from": to.removeprefix("+"), "id": replied}, **_said(wamid, from_)}
    if is_template:
        return _message(to, from_, {**said, "type": "button", "button": {"payload": payload, "text": text}})
    reply = {"type": "button_reply", "button_reply": {"id": payload, "title": text}}
    return _message(to, from_, {**said, "type": "interactive", "interactive": reply})


def flow(*, wamid: str, from_: str, to: str, answer: str, token: str, replied: str) -> dict[str, Any]:
    """The update that somebody came to the end of a WhatsApp Flow; its answers are JSON within the JSON."""
    given = json.dumps({"flow_token": token, "answer": answer})
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": given}}
    said = {"context": {"from": to.removeprefix("+"), "id": replied}, **_said(wamid, from_)}
    return _message(to, from_, {**said, "type": "interactive", "interactive": reply})


def status(
    *, wamid: str, from_: str, to: str, status: str, error: int = 0, echoed: str = ""
) -> dict[str, Any]:
    """The update that a message of ours got further on its way, or no further."""
    told: dict[str, Any] = {
        "id": wamid,
        "status": status,
        "timestamp": _seconds(),
        "recipient_id": to.removeprefix("+"),
    }
    if echoed:
        told["biz_opaque_callback_data"] = echoed
    if error:
        title = TITLES[error]
        told["errors"] = [{"code": error, "title": title, "message": title, "error_data": {"details": title}}]
    return _update("messages", from_, {"statuses": [told]})


def preference(*, from_: str, to: str, value: str) -> dict[str, Any]:
    """The update that somebody stopped a business's offers in WhatsApp itself, or lets them through again."""
    wa_id = from_.removeprefix("+")
    detail = "User requested to stop marketing messages"
    if value == "resume":
        detail = "User requested to resume marketing messages"
    said = {
        "wa_id": wa_id,
        "detail": detail,
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(_seconds()),
    }
    return _update("user_preferences", to, {"contacts": [_contact(wa_id)], "user_preferences": [said]})


def restriction(*, until: datetime) -> dict[str, Any]:
    """The update that the account may begin no conversation until a moment."""
    kind = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": int(until.timestamp())}
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [kind]}
    entry = {"id": business_id(), "changes": [{"field": "account_update", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _message(to: str, from_: str, message: Mapping[str, Any]) -> dict[str, Any]:
    wa_id = from_.removeprefix("+")
    return _update("messages", to, {"contacts": [_contact(wa_id)], "messages": [message]})


def _update(field: str, ours: str, value: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {
        "display_phone_number": ours.removeprefix("+"),
        "phone_number_id": phone_number_id(ours),
    }
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": business_id(), "changes": [{"field": field, "value": whole}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _said(wamid: str, from_: str) -> dict[str, Any]:
    return {"from": from_.removeprefix("+"), "id": wamid, "timestamp": _seconds()}


def _contact(wa_id: str) -> dict[str, Any]:
    return {"profile": {"name": "Sandbox"}, "wa_id": wa_id}


def _seconds() -> str:
    return str(int(timezone.now().timestamp()))


def _digits(*parts: str) -> str:
    number = int.from_bytes(vault.digest("sandbox meta", *parts)[:8])
    return str(10 ** (DIGITS - 1) + number % (9 * 10 ** (DIGITS - 1)))
