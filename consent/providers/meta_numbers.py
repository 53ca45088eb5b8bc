"""Numbers at Meta: whose word a webhook is, and in whose name we send."""

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from django.conf import settings

from consent import vault
from consent.models import Sender
from consent.providers import egress
from consent.providers.errors import SendError
from consent.providers.kept import Kept

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What a number at Meta is used with: of several the first is used by us, and all are believed of Meta.

    Access tokens let us send, app secrets sign what Meta tells us, verify tokens prove an address to be ours.
    """

    tokens: tuple[str, ...]
    app_secrets: tuple[str, ...]
    verify_tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Number:
    """A number as the Graph API knows it: its id, its keys, and where the API answers."""

    id: str
    keys: Keys
    api: str


def of(sender: Sender) -> Number:
    """The number of a sender. Raises SendError where there is nothing to send with."""
    if sender.provider == "sandbox":
        if not settings.OPTIN_SANDBOX:
            raise SendError("sandbox.off")
        return Number(sender.number_id, sandbox(), f"{settings.OPTIN_PUBLIC_URL}/sandbox/meta")
    keys = opened(sender.number_id, bytes(sender.secret))
    if keys is None:
        raise SendError("account.no_token")
    return Number(sender.number_id, keys, egress.META)


def sandbox() -> Keys:
    """The keys of the sandbox's one app, derived from the installation's own secret."""

    def derived(name: str) -> tuple[str]:
        return (vault.digest("sandbox", "meta", name).hex()[:32],)

    return Keys(derived("token"), derived("app secret"), derived("verify token"))


def seal(number_id: str, keys: Keys) -> bytes:
    """The keys of a number, sealed for `Sender.secret`."""
    every = [*keys.tokens, *keys.app_secrets, *keys.verify_tokens]
    if not all((keys.tokens, keys.app_secrets, keys.verify_tokens)) or not all(every):
        raise ValueError("A number has at least one key of each kind, and none is empty.")
    return vault.seal_system(item=_item(number_id), plaintext=json.dumps(asdict(keys)).encode())


def opened(number_id: str, secret: bytes) -> Keys | None:
    """The keys in a `Sender.secret`; None where there is nothing, or what there is does not open."""
    if not secret:
        return None
    try:
        fields = json.loads(vault.open_system(item=_item(number_id), sealed=secret))
    except vault.SealBroken:
        log.error("The keys of a sender do not open: enter them again in the admin.")
        return None
    return Keys(**{name: tuple(values) for name, values in fields.items()})


def signature(body: bytes, secret: str) -> str:
    """What Meta writes into X-Hub-Signature-256 for a body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def signed(body: bytes, given: str) -> frozenset[str]:
    """The ids of our numbers whose app signed these very bytes; none where nobody of ours did.

    Takes the same time whichever secret fits, and whether there is one or none. DatabaseError passes through.
    """
    return _matching(lambda keys: keys.app_secrets, lambda secret: signature(body, secret), given)


def share_an_app(number_id: str, others: Iterable[str]) -> bool:
    """Whether a number of ours belongs to the same app as one of some others: the app signs for both."""
    believed = _believed()
    ours = believed.get(number_id)
    theirs = [believed[other] for other in others if other in believed]
    return ours is not None and any(set(ours.app_secrets) & set(keys.app_secrets) for keys in theirs)


def verifies(token: str) -> bool:
    """Whether a verify token is one of ours, in the same time for each. DatabaseError passes through."""
    return bool(_matching(lambda keys: keys.verify_tokens, lambda known: known, token))


def _matching(
    secrets_of: Callable[[Keys], Iterable[str]], expected: Callable[[str], str], given: str
) -> frozenset[str]:
    numbers: dict[str, set[str]] = {
        secrets.token_hex(16): set()
    }  # so that there is always one to compare with
    for number_id, keys in _believed().items():
        for secret in secrets_of(keys):
            numbers.setdefault(secret, set()).add(number_id)
    fits = [
        ids
        for secret, ids in numbers.items()
        if hmac.compare_digest(expected(secret).encode(), given.encode())
    ]
    return frozenset().union(*fits)


def _read() -> dict[str, Keys]:
    """The keys of every number that Meta may speak about, by its id."""
    senders = Sender.objects.exclude(number_id="").filter(provider__in=("meta", "sandbox"))
    found: dict[str, Keys] = {}
    for provider, number_id, secret in senders.values_list("provider", "number_id", "secret"):
        keys = opened(number_id, bytes(secret)) if provider == "meta" else _of_the_sandbox()
        if keys is not None:
            found[number_id] = keys
    return found


def _of_the_sandbox() -> Keys | None:
    return sandbox() if settings.OPTIN_SANDBOX else None


_believed = Kept(_read)
forget = _believed.forget


def _item(number_id: str) -> bytes:
    return b"meta number" + number_id.encode()
