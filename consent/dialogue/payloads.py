"""What a reply button carries unseen: which question, under which notice, and which answer; it beats its text."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from consent import vault
from consent.models import ConsentRecord

ANSWERS = ("yes", "no", "stop")


@dataclass(frozen=True, slots=True)
class Payload:
    """One answer to what one act requested, under the notice version with this digest (hex)."""

    act: UUID
    notice: str
    answer: str


def payload(act: UUID, answer: str) -> str:
    """What to put behind a button that answers what `act` requested. One query."""
    notices = ConsentRecord.objects.filter(act=act, notice__isnull=False)
    return write(Payload(act, notices.values_list("notice__digest", flat=True)[0], answer))


def write(payload: Payload) -> str:
    """A payload as text: under 128 characters, the least that any provider takes."""
    digest = urlsafe_b64encode(bytes.fromhex(payload.notice)).decode().rstrip("=")
    if payload.answer not in ANSWERS:
        raise ValueError(f"A button answers one of {', '.join(ANSWERS)}.")
    return f"{payload.answer}.{digest}.{vault.act_token(payload.act, use=_use(payload.answer, digest))}"


def read_payload(text: str) -> Payload | None:
    """The payload that we put behind a button, else None."""
    answer, _dot, rest = text.partition(".")
    digest, _dot, token = rest.partition(".")
    if answer not in ANSWERS or not (digest.isascii() and token.isascii()):
        return None
    act = vault.read_act_token(token, use=_use(answer, digest))
    if act is None:
        return None
    return Payload(act, urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex(), answer)


def is_about(payload: Payload, act: UUID) -> bool:
    """Whether a button asked what this act requested, under the same notice."""
    if payload.act != act:
        return False
    digests = ConsentRecord.objects.filter(act=act).values_list("notice__digest", flat=True)
    return all(hmac.compare_digest(payload.notice, digest or "") for digest in digests)


def _use(answer: str, digest: str) -> str:
    return f"button|{answer}|{digest}"
