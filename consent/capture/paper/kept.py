"""What is kept of sheets that belong to nobody we know yet: sealed by the installation, item by item."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from consent import vault
from consent.canonical import canonical


def seal(kind: str, pk: UUID, content: bytes, *, offset: int = 0) -> bytes:
    """Some bytes of a file, a page or a check, sealed; `kind` and `offset` tell its parts from one another."""
    return vault.seal_system(item=_item(kind, pk, offset), plaintext=content)


def unseal(kind: str, pk: UUID, sealed: bytes | memoryview, *, offset: int = 0) -> bytes:
    """What `seal` sealed; nothing where nothing is kept any more. Raises vault.SealBroken."""
    if not sealed:
        return b""
    return vault.open_system(item=_item(kind, pk, offset), sealed=bytes(sealed))


def seal_values(kind: str, pk: UUID, values: Mapping[str, Any]) -> bytes:
    """Some values, sealed."""
    return seal(kind, pk, canonical(dict(values)))


def unseal_values(kind: str, pk: UUID, sealed: bytes | memoryview) -> dict[str, Any]:
    """What `seal_values` sealed; empty where nothing is kept any more. Raises vault.SealBroken."""
    content = unseal(kind, pk, sealed)
    return json.loads(content) if content else {}


def _item(kind: str, pk: UUID, offset: int) -> bytes:
    return f"paper {kind} {offset} ".encode() + pk.bytes
