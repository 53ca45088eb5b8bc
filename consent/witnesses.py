"""The witnesses of our log: asked to cosign what was published, and believed when they prove that we forgot."""

import logging
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from consent import errors
from consent.log import add_checkpoint, guard, note, proofs, published
from consent.models import Checkpoint, Cosignature, LogWitness
from consent.providers import egress

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=2)  # under load not each checkpoint is cosigned, but one soon after it
LEASE = timedelta(seconds=60)  # longer than all that one witness may keep us waiting
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=10)
ATTEMPTS = 3  # a witness that knows another size than we thought says which
CLOCKS_MAY_DIFFER = timedelta(minutes=1)
CLOCK_IS_WRONG = timedelta(days=1)


class Trouble(Exception):
    """A witness did not cosign; says why, in a word for the log of the server."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Whom we ask, and where."""

    verifier: note.Verifier
    address: str


def configured() -> list[Witness]:
    """The witnesses of the settings. Raises ImproperlyConfigured."""
    found = []
    for text in settings.OPTIN_WITNESSES:
        vkey, _space, address = text.partition(" ")
        try:
            verifier = note.Verifier.parse(vkey)
        except note.NoteInvalid as error:
            raise ImproperlyConfigured(f"OPTIN_WITNESSES: {vkey}: {error}") from error
        address = address.strip().rstrip("/")
        if verifier.type != note.COSIGNATURE or not address.startswith(("https://", "http://")):
            raise ImproperlyConfigured(
                f"OPTIN_WITNESSES: {text}: write the verifier key of a witness, a space and its address."
            )
        found.append(Witness(verifier, address))
    return found


def drain() -> int:
    """Ask each witness that is due for the latest checkpoint. Returns how many cosigned.

    Raises guard.LogBehind where one of them proves that this database is behind what we published.
    """
    latest = published.latest()
    return sum(_ask_if_due(witness, latest) for witness in configured()) if latest else 0


def look() -> None:
    """See what each witness knows of our log before it grows. Raises guard.LogBehind.

    A witness that cannot be reached hinders nobody.
    """
    for witness in configured():
        row = _row(witness)
        try:
            _compare(witness, row)
        except (Trouble, egress.Failure) as trouble:
            log.warning("Witness %s could not be looked at: %s.", witness.verifier.name, trouble)


def _ask_if_due(witness: Witness, latest: Checkpoint) -> bool:
    row, now = _row(witness), timezone.now()
    if row.due_at > now or _has_cosigned(witness, latest.size):
        return False
    # One worker asks; another that came at the same moment finds the row changed.
    if not LogWitness.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + LEASE):
        return False
    try:
        _ask(witness, row)
    except (Trouble, egress.Failure) as trouble:
        _put_off(witness, row, str(trouble))
        return False
    except guard.LogBehind:
        raise
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("Asking witness %s broke; the others are asked.", witness.verifier.name)
        _put_off(witness, row, "broke something that nobody expected")
        return False
    if row.failures:
        log.info("Witness %s cosigns again.", witness.verifier.name)
    LogWitness.objects.filter(pk=row.pk).update(due_at=timezone.now() + EVERY, failures=0, trouble="")
    return True


def _ask(witness: Witness, row: LogWitness) -> None:
    """Have the latest checkpoint cosigned; where the witness knows another size, go on from that one."""
    known = row.size
    for _attempt in range(ATTEMPTS):
        latest = published.latest()
        assert latest is not None
        if known > latest.size:
            _compare(witness, row)
            raise Trouble(f"says it knows {known} entries, and does not prove it")
        answer = egress.post_to_witness(
            f"{witness.address}/{add_checkpoint.ADDRESS}", _request(known, latest)
        )
        if answer.status == HTTPStatus.OK:
            _keep(witness, latest, answer.text)
            LogWitness.objects.filter(pk=row.pk).update(size=latest.size)
            return
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            _compare(witness, row)
        if answer.status != HTTPStatus.CONFLICT:
            raise Trouble(f"answers {answer.status}")
        try:
            known = add_checkpoint.parse_size(answer.text)
        except add_checkpoint.Malformed as error:
            raise Trouble("answers a conflict without its size") from error
    raise Trouble("names one size after another")


def _request(old: int, latest: Checkpoint) -> str:
    proof = proofs.consistency(old, latest.size, published.read_tile)
    asked = add_checkpoint.AddCheckpoint(old=old, proof=tuple(proof), checkpoint=latest.note)
    return str(asked)


def _keep(witness: Witness, latest: Checkpoint, lines: str) -> None:
    """Keep the cosignature of a checkpoint, if it is one."""
    try:
        _text, (signature,) = note.verify(latest.note + lines, verifiers=[witness.verifier])
        _text, signatures = note.split(latest.note + lines)
    except note.NoteInvalid as error:
        raise Trouble("answers what is no cosignature of its own") from error
    now = timezone.now()
    seconds = signature.time or 0
    if abs(seconds - now.timestamp()) > CLOCK_IS_WRONG.total_seconds():
        raise Trouble("cosigns at a time that cannot be")
    cosigned_at = datetime.fromtimestamp(seconds, UTC)
    if abs(cosigned_at - now) > CLOCKS_MAY_DIFFER:
        log.warning(
            "The clock of witness %s differs from ours by %s.", witness.verifier.name, cosigned_at - now
        )
    ours = (witness.verifier.name, witness.verifier.key_id)
    blob = next(blob for name, blob in signatures if (name, blob[:4]) == ours)
    Cosignature.objects.get_or_create(
        size=latest.size,
        witness=str(witness.verifier),
        defaults={"line": f"— {ours[0]} {b64encode(blob).decode('ascii')}", "cosigned_at": cosigned_at},
    )


def _compare(witness: Witness, row: LogWitness) -> None:
    """Compare the last checkpoint that the witness cosigned with our log. Raises guard.LogBehind."""
    address = f"{witness.address}/{add_checkpoint.address_of_latest(row.origin)}"
    answer = egress.get_from_witness(address)
    if answer.status == HTTPStatus.NOT_FOUND:
        return
    # What a witness says proves nothing; that a key of ours signed it does.
    ours = published.keys()
    try:
        note.verify(answer.text, verifiers=[key for key in ours if key.name == row.origin])
        guard.compare(answer.text)
    except note.NoteInvalid as error:
        raise Trouble("shows what no key of ours signed") from error
    except guard.LogBehind as behind:
        LogWitness.objects.filter(pk=row.pk).update(contradiction=answer.text)
        log.critical("Witness %s proves it: %s", witness.verifier.name, behind)
        raise


def _row(witness: Witness) -> LogWitness:
    row, _created = LogWitness.objects.get_or_create(
        vkey=str(witness.verifier), origin=published.origin(), defaults={"due_at": timezone.now()}
    )
    return row


def _has_cosigned(witness: Witness, size: int) -> bool:
    return Cosignature.objects.filter(size=size, witness=str(witness.verifier)).exists()


def _put_off(witness: Witness, row: LogWitness, trouble: str) -> None:
    wait = min(FIRST_WAIT * 2 ** min(row.failures, 10), LONGEST_WAIT)
    if trouble != row.trouble:
        log.warning("Witness %s %s; it is asked again later.", witness.verifier.name, trouble)
    LogWitness.objects.filter(pk=row.pk).update(
        due_at=timezone.now() + wait, failures=row.failures + 1, trouble=trouble[:200]
    )
