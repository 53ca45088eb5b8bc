"""Checkpoints are counted, and the count is signed beside each: one that is taken out of the middle is missed.

The count is no part of the checkpoint that others see: C2SP tlog-checkpoint advises against lines of one's own.
"""

from datetime import UTC, datetime

from consent.log import note


def text(origin: str, *, number: int, size: int, published_at: datetime) -> str:
    """What is signed: which checkpoint of the log this is, and when it was published."""
    moment = published_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"checkpoint {number} of {origin}\nsize {size}\n{moment}\n"


def sign(signer: note.Signer, *, number: int, size: int, published_at: datetime) -> str:
    """The signature line of a count."""
    return signer.sign(text(signer.verifier.name, number=number, size=size, published_at=published_at))


def check(
    line: str, verifiers: tuple[note.Verifier, ...], *, number: int, size: int, published_at: datetime
) -> None:
    """Raise NoteInvalid unless one of the keys signed this count."""
    for origin in dict.fromkeys(verifier.name for verifier in verifiers):
        said = text(origin, number=number, size=size, published_at=published_at)
        own = tuple(verifier for verifier in verifiers if verifier.name == origin)
        try:
            note.verify(f"{said}\n{line}\n", verifiers=own)
        except note.NoteInvalid:
            continue
        return
    raise note.NoteInvalid("its count is not as it was signed.")
