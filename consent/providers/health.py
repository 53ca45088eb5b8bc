"""What a sender's provider says of its health, when asked: the answer as it came."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings

from consent.models import Sender
from consent.providers import accounts, egress, meta_numbers, twilio
from consent.providers.errors import SendError

UNKNOWN_FIELD = "100"

# Meta answers 400 for the whole question where it does not know one field: then a shorter list is asked for.
FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,status,name_status,code_verification_status,throughput,"
    "whatsapp_business_manager_messaging_limit,account_mode,health_status",
    "id,display_phone_number,verified_name,quality_rating,status,throughput,messaging_limit_tier",
    "id,display_phone_number,quality_rating",
)


def ask_meta(sender: Sender, *, fields: int) -> tuple[dict[str, Any], int]:
    """Meta's answer about a number, and which of the lists of fields it knows. Raises SendError."""
    number = meta_numbers.of(sender)
    url = f"{number.api}/{settings.OPTIN_META_VERSION}/{number.id}"
    headers = {"Authorization": f"Bearer {number.keys.tokens[0]}"}
    for known in range(fields, len(FIELDS)):
        try:
            answer = egress.get(url, {"fields": FIELDS[known]}, headers=headers)
        except egress.Failure as failure:
            raise SendError(failure.code) from None
        read = _read(answer.text)
        if (
            answer.status == HTTPStatus.OK
            and read is not None
            and (read.get("id") or "quality_rating" in read)
        ):
            return read, known
        code = _code(answer.status, read)
        if code != UNKNOWN_FIELD or known == len(FIELDS) - 1:
            asked = answer.headers.get("Retry-After", "")
            wait = float(asked[:9]) if asked.isascii() and asked.isdigit() else 0.0
            raise SendError(code, needs_staff=answer.status in (401, 403), wait=wait)
    raise AssertionError("the last list returns or raises")


def ask_twilio(sender: Sender) -> dict[str, Any]:
    """What Twilio says of a WhatsApp sender: its status, rating and limit, as far as it says them. Raises SendError."""
    account = accounts.of(sender)
    wanted = f"whatsapp:{sender.address}"
    listed = twilio.look(
        account, lambda client: client.messaging.v2.channels_senders.list(channel="whatsapp")
    )
    found = next((one for one in listed if one.sender_id == wanted), None)
    if found is None:
        raise SendError("number.not_there")
    said = found.properties if isinstance(found.properties, Mapping) else {}
    return {"status": found.status, **{str(name): value for name, value in said.items()}}


def _read(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _code(status: int, read: Mapping[str, Any] | None) -> str:
    error = read.get("error") if read else None
    if isinstance(error, Mapping) and isinstance(error.get("code"), int):
        return str(error["code"])
    return "answer.unreadable" if status == HTTPStatus.OK else str(status)
