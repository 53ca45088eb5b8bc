"""Under which name and by which keys the log is signed: keys change, and a damaged log is succeeded.

An era begins with an entry of the log that says so, and which the keys of that era sign: whoever trusts the
present keys can follow the others back through the log (docs/key-rotation.md, ADR-0006).
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4

from django.conf import settings

from consent.canonical import canonical, moment
from consent.log import note
from consent.log.errors import LogRefuses
from consent.models.log import LogEra

KEY = "key"  # the type of the entry that says that other keys sign
# The type of the entry that says that this log continues another, which was damaged.
SUCCESSION = "succession"

_MARKS = tuple(f'"type":"{kind}"'.encode() for kind in (KEY, SUCCESSION))


class KeyNotOfLog(LogRefuses):
    """The keys of this process are not those that sign the log."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} Nothing is appended. docs/key-rotation.md says what to do.")


@dataclass(frozen=True, slots=True)
class Era:
    """From checkpoints of size `start` on, all of these keys sign, the oldest of them first."""

    start: int
    keys: tuple[note.Verifier, ...]

    @property
    def origin(self) -> str:
        """The name of the log, which is that of its keys."""
        return self.keys[0].name

    def vouches_for(self, earlier: "Era") -> bool:
        """Whether one key signed in both: nobody vouches for a key that was replaced at once."""
        return bool({key.public_key for key in self.keys} & {key.public_key for key in earlier.keys})


@dataclass(frozen=True, slots=True)
class Change:
    """An era that is to begin, and the entry that says so."""

    keys: tuple[note.Verifier, ...]
    entry: UUID
    data: bytes
    is_succession: bool


def read() -> tuple[Era, ...]:
    """Every era of the log; of a log that has not begun, the one it will begin with. One query."""
    rows = LogEra.objects.order_by("start").values_list("start", "keys")
    eras = tuple(Era(start, _parse(keys)) for start, keys in rows)
    return eras or (Era(0, (_verifier(settings.OPTIN_LOG_ORIGIN, settings.OPTIN_LOG_KEY),)),)


def at(eras: tuple[Era, ...], size: int) -> Era:
    """The era that signs checkpoints of a size."""
    return next(era for era in reversed(eras) if era.start <= size)


def signers(era: Era) -> list[note.Signer]:
    """The signers of an era, which this process must all have. Raises KeyNotOfLog."""
    mine = {signer.verifier: signer for signer in _mine(era.origin)}
    missing = [str(key) for key in era.keys if key not in mine]
    if missing:
        raise KeyNotOfLog(f"This log is signed by {' '.join(missing)}, which OPTIN_LOG_KEY is not.")
    return [mine[key] for key in era.keys]


def due(eras: tuple[Era, ...], now: datetime) -> Change | None:
    """The change of keys that the settings ask for, if any. Raises KeyNotOfLog where they cannot.

    The next key begins to sign beside the present one, and the older one ends when the settings no longer
    have it. A process with older settings than the log knows neither undoes that nor signs.
    """
    era = eras[-1]
    mine = [signer.verifier for signer in _mine(era.origin)]
    retired = {key for earlier in eras[:-1] for key in earlier.keys} - set(era.keys)
    if mine[-1] in retired:
        raise KeyNotOfLog(f"The key {mine[-1]} signed this log before and was given up.")
    if era.keys[-1] not in mine:
        raise KeyNotOfLog(f"This log is signed by {era.keys[-1]}, which this process does not have.")
    wanted = tuple(key for key in mine if key not in retired)
    return None if wanted == era.keys else change(era, wanted, now)


def at_once(eras: tuple[Era, ...], now: datetime) -> Change:
    """The change to the keys of the settings without the present ones: they were lost or stolen."""
    era = eras[-1]
    return change(era, tuple(signer.verifier for signer in _mine(era.origin)), now)


def succession(eras: tuple[Era, ...], now: datetime, *, size: int, root: bytes) -> Change:
    """The change to the next name of the log, which continues the one of this size and root."""
    before = eras[-1]
    keys = tuple(signer.verifier for signer in _mine(next_origin(before.origin)))
    return change(before, keys, now, size=size, root=b64encode(root).decode("ascii"))


def change(before: Era, keys: tuple[note.Verifier, ...], now: datetime, **fields: int | str) -> Change:
    """The change from one era to other keys, with the bytes of its entry."""
    entry = uuid4()
    is_succession = keys[0].name != before.origin
    said = {
        "type": SUCCESSION if is_succession else KEY,
        "id": str(entry),
        "recorded_at": moment(now),
        "before": _text(before.keys),
        "keys": _text(keys),
        **fields,
    }
    return Change(keys, entry, canonical(said), is_succession)


def announced(data: bytes) -> tuple[str, str] | None:
    """The keys before and after, where an entry of the log announces an era."""
    if not any(mark in data for mark in _MARKS):  # quick: every entry of the log is asked
        return None
    try:
        said = json.loads(data)
    except ValueError:
        return None
    if not isinstance(said, Mapping) or said.get("type") not in (KEY, SUCCESSION):
        return None
    return str(said.get("before")), str(said.get("keys"))


def announcement(before: Era, after: Era) -> tuple[str, str]:
    """What the entry before the start of an era must announce."""
    return _text(before.keys), _text(after.keys)


def begin(size: int, era: Era, announced: Change | None) -> Era:
    """Write down the eras that begin as a log of `size` grows, in the transaction that publishes it.

    Returns the one that signs: the `era` that there is, or the one announced.
    """
    if size == 0:
        LogEra.objects.get_or_create(start=0, defaults={"keys": _text(era.keys)})
    if announced is None:
        return era
    LogEra.objects.create(start=size + 1, keys=_text(announced.keys))
    return Era(size + 1, announced.keys)


def next_origin(origin: str) -> str:
    """The name of the log that succeeds this one: example.org/log, example.org/log/2, example.org/log/3."""
    name, _slash, number = origin.rpartition("/")
    if name and number.isascii() and number.isdigit() and int(number) > 1:
        return f"{name}/{int(number) + 1}"
    return f"{origin}/2"


def signing_key(origin: str) -> note.Signer:
    """The key of the settings under a name of the log."""
    return _signer(origin, settings.OPTIN_LOG_KEY)


def _mine(origin: str) -> list[note.Signer]:
    """The keys of the settings, the older first."""
    seeds = dict.fromkeys(seed for seed in (settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT) if seed)
    return [_signer(origin, seed) for seed in seeds]


@cache
def _signer(origin: str, seed: bytes) -> note.Signer:
    return note.Signer.from_seed(origin, seed)


def _verifier(origin: str, seed: bytes) -> note.Verifier:
    return _signer(origin, seed).verifier


def _text(keys: tuple[note.Verifier, ...]) -> str:
    return " ".join(str(key) for key in keys)


def _parse(keys: str) -> tuple[note.Verifier, ...]:
    return tuple(note.Verifier.parse(key) for key in keys.split(" "))
