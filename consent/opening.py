"""Opening what the vault keeps about one person or act."""

import json
import logging
from collections.abc import Collection
from typing import Any
from uuid import UUID

from consent import vault
from consent.contact import TEL, Contact
from consent.models import ContactPoint, Evidence, EvidenceFile, Hold, OutboundMessage, SubjectKey

log = logging.getLogger(__name__)

# Whose message it is where we answer somebody of whom nothing is recorded.
NOBODY = UUID(int=0)


class Erased(Exception):
    """The person's key is gone, and with it everything personal."""


def key_of(subject: UUID) -> bytes:
    """The key of a person. Raises Erased."""
    wrapped = SubjectKey.objects.filter(subject=subject).values_list("wrapped", flat=True).first()
    if wrapped is None:
        raise Erased(f"Nothing is held about {subject} any more.")
    return vault.unwrap(bytes(wrapped))


def contact_of(subject: UUID, *, scheme: str = TEL) -> Contact | None:
    """How the person is reached under a scheme; None where they are not. Raises Erased."""
    points = ContactPoint.objects.filter(subject=subject, scheme=scheme, ended_at=None)
    point = points.order_by("is_former", "id").first()
    key = key_of(subject)
    return _opened(point, key) if point else None


def contacts_of(subjects: Collection[UUID], *, scheme: str = TEL) -> dict[UUID, Contact]:
    """How many people are reached under a scheme, without those who are not, were erased, or whose contact is broken:
    one of them hides nobody else's. Two queries.
    """
    wrapped = dict(SubjectKey.objects.filter(subject__in=subjects).values_list("subject", "wrapped"))
    points = ContactPoint.objects.filter(subject__in=list(wrapped), scheme=scheme, ended_at=None)
    found: dict[UUID, Contact] = {}
    for point in points.order_by("-is_former", "-id"):
        try:
            found[point.subject] = _opened(point, vault.unwrap(bytes(wrapped[point.subject])))
        except vault.SealBroken:
            log.error("A contact does not open; nobody can be reached there.")
    return found


def opened(point: ContactPoint) -> Contact:
    """A contact point, readable. Raises Erased."""
    return _opened(point, key_of(point.subject))


def _opened(point: ContactPoint, key: bytes) -> Contact:
    value = vault.open_sealed(key, item=b"contact" + point.pk.bytes, sealed=point.sealed)
    return Contact(point.scheme, value.decode())


def evidence_of(act: UUID) -> dict[str, Any]:
    """The evidence of an act. Raises Erased."""
    return json.loads(evidence_bytes(act)[1])  # type: ignore[no-any-return]


def evidence_bytes(act: UUID) -> tuple[bytes, bytes]:
    """The salt of an act's commitment and the canonical evidence it commits to. Raises Erased."""
    evidence = Evidence.objects.filter(act=act).first()
    if evidence is None:
        raise Erased(f"The evidence of {act} was erased.")
    plaintext = vault.open_sealed(
        key_of(evidence.subject), item=b"evidence" + act.bytes, sealed=evidence.sealed
    )
    return plaintext[:32], plaintext[32:]


def all_evidence_of(subject: UUID) -> dict[UUID, tuple[bytes, bytes]]:
    """Salt and canonical evidence of everything a person did, by act; nothing where they were erased. Two queries."""
    rows = list(Evidence.objects.filter(subject=subject))
    key = key_of(subject) if rows else b""
    opened = {
        row.act: vault.open_sealed(key, item=b"evidence" + row.act.bytes, sealed=row.sealed) for row in rows
    }
    return {act: (plaintext[:32], plaintext[32:]) for act, plaintext in opened.items()}


def evidence_values_of(subject: UUID) -> dict[UUID, dict[str, Any]]:
    """The evidence of everything a person did, by act. Raises Erased where the key went and the rows did not."""
    return {act: json.loads(evidence) for act, (_salt, evidence) in all_evidence_of(subject).items()}


def message_content(message: OutboundMessage) -> dict[str, Any]:
    """What an outgoing message says and to whom. Raises Erased."""
    item = b"message" + message.pk.bytes
    if message.subject == NOBODY:
        plaintext = vault.open_system(item=item, sealed=message.sealed)
    else:
        plaintext = vault.open_sealed(key_of(message.subject), item=item, sealed=message.sealed)
    return json.loads(plaintext)  # type: ignore[no-any-return]


def seal_message(message: OutboundMessage, content: bytes) -> bytes:
    """The content of a message, sealed for its person; for nobody we know, by the installation."""
    item = b"message" + message.pk.bytes
    if message.subject == NOBODY:
        return vault.seal_system(item=item, plaintext=content)
    return vault.seal(key_of(message.subject), item=item, plaintext=content)


def held_words(held: Hold) -> dict[str, Any]:
    """The words for which offers are held, with their evidence. Raises Erased."""
    plaintext = vault.open_sealed(key_of(held.subject), item=b"hold" + held.pk.bytes, sealed=held.sealed)
    return json.loads(plaintext)  # type: ignore[no-any-return]


def file_content(file: EvidenceFile) -> bytes:
    """A scan or recording of an act. Raises Erased."""
    return vault.open_sealed(key_of(file.subject), item=b"file" + file.pk.bytes, sealed=file.sealed)
