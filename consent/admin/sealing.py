"""What is typed of a provider's credentials: whether it is whole, and how it is sealed."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.models import Sender
from consent.providers import accounts, meta_numbers
from consent.providers.meta_numbers import Keys

META_ID = re.compile(r"[0-9]{5,40}")

type Problems = dict[str, Any]


def problems(sender: Sender, typed: Mapping[str, Any], *, changed: list[str]) -> Problems:
    """What is missing or cannot be, by field."""
    if typed.get("provider") == "twilio":
        return _twilio_problems(sender, typed, changed)
    if typed.get("provider") == "meta":
        return _meta_problems(sender, typed, changed)
    return {}


def seal(sender: Sender, typed: Mapping[str, Any]) -> bytes | None:
    """The credentials of a sender after what was typed; None where they stay as they are."""
    if typed.get("provider") == "twilio":
        return _seal_twilio(sender, typed)
    if typed.get("provider") == "meta":
        return _seal_meta(sender, typed)
    return None


def _twilio_problems(sender: Sender, typed: Mapping[str, Any], changed: list[str]) -> Problems:
    found: Problems = {}
    if not accounts.SID.fullmatch(typed.get("account", "")):
        found["account"] = _("Twilio's accounts are written AC and 32 letters or digits.")
    # The token is sealed together with the account it belongs to, so a new account needs it again.
    if not typed.get("token") and (not sender.secret or {"account", "provider"} & set(changed)):
        found["token"] = _("Write the token of this account.")
    return found


def _meta_problems(sender: Sender, typed: Mapping[str, Any], changed: list[str]) -> Problems:
    found: Problems = {}
    for field in ("account", "number_id"):
        if not META_ID.fullmatch(typed.get(field, "")):
            found[field] = _("Meta's ids are digits only. Copy it from WhatsApp Manager.")
    if not sender.secret or {"number_id", "provider"} & set(changed):
        if not typed.get("token"):
            found["token"] = _("Write the access token of a system user that may send for this number.")
        if not typed.get("app_secret"):
            found["app_secret"] = _(
                "Write the app secret: without it nobody knows which webhooks are Meta's."
            )
    return found


def _seal_twilio(sender: Sender, typed: Mapping[str, Any]) -> bytes | None:
    known = accounts.opened(sender.account, bytes(sender.secret))
    tokens = _changed(known, typed.get("token", ""), typed)
    return accounts.seal(sender.account, tokens) if tokens and tokens != known else None


def _seal_meta(sender: Sender, typed: Mapping[str, Any]) -> bytes | None:
    known = meta_numbers.opened(sender.number_id, bytes(sender.secret)) or Keys((), (), ())
    keys = Keys(
        tokens=_changed(known.tokens, typed.get("token", ""), typed),
        app_secrets=_changed(known.app_secrets, typed.get("app_secret", ""), typed),
        verify_tokens=known.verify_tokens or (secrets.token_urlsafe(24),),
    )
    if keys == known or not keys.tokens or not keys.app_secrets:
        return None
    return meta_numbers.seal(sender.number_id, keys)


def _changed(known: tuple[str, ...], new: str, typed: Mapping[str, Any]) -> tuple[str, ...]:
    """The first is used by us; of the former one stays believed for as long as staff say so."""
    if new:
        return (new, *known[:1]) if typed.get("keep_former") else (new,)
    return known[:1] if typed.get("forget_former") else known
