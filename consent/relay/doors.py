"""Where a subscriber is and what opens its door, sealed; and what came of asking it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from consent import vault
from consent.models import Subscription


@dataclass(frozen=True, slots=True)
class Door:
    """An address, with the secret of a webhook or the token of a workspace; `old` counts until `old_until`."""

    url: str
    secret: str
    old: str = ""
    old_until: str = ""

    def keys(self, at: datetime) -> list[str]:
        """The secrets to sign with: the new one, and the one it replaced for a while."""
        is_old_alive = bool(self.old) and datetime.fromisoformat(self.old_until) > at
        return [self.secret, self.old] if is_old_alive else [self.secret]


class Trouble(Exception):
    """A subscriber was not told. `wait` is how many seconds it asked for; `is_gone` that it wants nothing more."""

    def __init__(
        self, code: str, *, status: int = 0, wait: float | None = None, is_gone: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.wait = wait
        self.is_gone = is_gone


def close(subscription: Subscription, door: Door) -> None:
    """Seal a door into its row, without saving it."""
    plaintext = json.dumps(asdict(door)).encode()
    subscription.sealed = vault.seal_system(item=b"subscription", plaintext=plaintext)


def open_(subscription: Subscription) -> Door:
    """The door of a subscriber. Raises SealBroken."""
    return Door(**json.loads(vault.open_system(item=b"subscription", sealed=subscription.sealed)))
