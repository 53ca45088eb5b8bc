"""Accounts at providers: whose word a webhook is, and in whose name we send."""

import hmac
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from django.conf import settings

from consent import vault
from consent.models import Sender
from consent.providers import egress
from consent.providers.errors import SendError
from consent.providers.kept import Kept
from consent.vocabulary import Channel

log = logging.getLogger(__name__)

SID = re.compile(r"AC[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """An account: its id, its tokens (the first signs, all are believed) and where its API answers."""

    sid: str
    tokens: tuple[str, ...]
    api: str

    def holds(self, token: str) -> bool:
        """Whether `token` is one of its own, in constant time."""
        return any(hmac.compare_digest(token.encode(), own.encode()) for own in self.tokens)


def of(sender: Sender) -> Account:
    """The account a sender belongs to. Raises SendError where there is none to send with."""
    if sender.provider == "sandbox":
        if not settings.OPTIN_SANDBOX:
            raise SendError("sandbox.off")
        return sandbox()
    tokens = opened(sender.account, bytes(sender.secret))
    if not tokens:
        raise SendError("account.no_token")
    return Account(sender.account, tokens, egress.TWILIO)


def sandbox() -> Account:
    """The one account of the sandbox, derived from the installation's own secret."""
    return Account(
        sid=f"AC{vault.digest('sandbox', 'account').hex()[:32]}",
        tokens=(vault.digest("sandbox", "token").hex()[:32],),
        api=f"{settings.OPTIN_PUBLIC_URL}/sandbox/twilio",
    )


def seal(sid: str, tokens: Sequence[str]) -> bytes:
    """The tokens of an account, sealed for `Sender.secret`: the primary first, then others still believed."""
    if not tokens or not all(tokens):
        raise ValueError("An account has at least one token, and none is empty: anybody could sign with it.")
    return vault.seal_system(item=_item(sid), plaintext=json.dumps(list(tokens)).encode())


def tokens(sid: str, *, number: str = "", is_call: bool = False) -> tuple[str, ...]:
    """Every token that may have signed in an account's name; none for an account that is not ours.

    Where `number` is a sender of the account, for calls or for messages, its own tokens alone: two companies may
    name one account, and even one number on two channels, and neither may speak for the other. No query, or one.
    While the database is down, what was last read still counts, because a stop must get in.
    """
    if settings.OPTIN_SANDBOX and sid == sandbox().sid:
        return sandbox().tokens
    if not SID.fullmatch(sid):
        return ()
    senders = _believed().get(sid, {})
    own = senders.get((is_call, number))
    return tuple(chain.from_iterable(senders.values())) if own is None else own


def is_known(sid: str, *, number: str, is_call: bool) -> bool:
    """Whether a number is a sender of an account, for calls or for messages; every one of the sandbox's account is."""
    is_sandbox = settings.OPTIN_SANDBOX and sid == sandbox().sid
    return is_sandbox or (is_call, number) in _believed().get(sid, {})


def mark(token: str) -> str:
    """What is kept of the token that signed for a number nobody has here: a keyed hash, which gives no token away."""
    return vault.digest("token", token).hex()


type Believed = dict[str, dict[tuple[bool, str], tuple[str, ...]]]


def _read() -> Believed:
    """The tokens of every account, sender by sender, as Twilio writes their numbers."""
    found: Believed = {}
    senders = Sender.objects.filter(provider="twilio").order_by("pk")
    for channel, address, sid, secret in senders.values_list("channel", "address", "account", "secret"):
        number = f"whatsapp:{address}" if channel == Channel.WHATSAPP else address
        found.setdefault(sid, {})[channel == Channel.VOICE, number] = opened(sid, bytes(secret))
    return found


_believed = Kept(_read)
forget = _believed.forget


def opened(sid: str, secret: bytes) -> tuple[str, ...]:
    """The tokens in a `Sender.secret`; none where there is nothing, or what there is does not open."""
    if not secret:
        return ()
    try:
        return tuple(json.loads(vault.open_system(item=_item(sid), sealed=secret)))
    except vault.SealBroken:
        log.error("The token of a sender does not open: enter it again in the admin.")
        return ()


def _item(sid: str) -> bytes:
    return b"sender" + sid.encode()
