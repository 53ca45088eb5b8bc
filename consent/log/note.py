"""Text signed by one or more keys, and the keys that verify it (C2SP signed-note, tlog-cosignature)."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 100
LONGEST_NOTE = 1_000_000  # characters

_KEY_NAME = re.compile(r"[^\s+\x00-\x20\x7f]+")
_SIGNATURE_LINE = re.compile(rf"— ({_KEY_NAME.pattern}) ([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteInvalid(Exception):
    """A note, a key or a checkpoint that is malformed, or that nobody we trust signed."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name it signs under; of type ED25519, or COSIGNATURE for a witness."""

    name: str
    public_key: bytes
    type: int = ED25519

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a verifier key: name+id+key."""
        name, id_text, key_text = (*vkey.split("+", 2), "", "")[:3]
        key = decode_base64(key_text)
        if not _KEY_NAME.fullmatch(name) or len(key) != 33:
            raise NoteInvalid("A verifier key has a name, an id and a base64 key of 33 bytes, joined by +.")
        if key[0] not in (ED25519, COSIGNATURE):
            raise NoteInvalid(f"Keys of type {key[0]} are not supported.")
        verifier = cls(name, key[1:], key[0])
        if id_text != verifier.key_id.hex():
            raise NoteInvalid("The id of a verifier key is not that of its name and key.")
        return verifier

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:4]

    def __str__(self) -> str:
        key = b64encode(bytes([self.type]) + self.public_key).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def verify(self, text: str, signature: bytes) -> int | None:
        """Raise NoteInvalid unless we signed the text; the time in seconds if it is a cosignature."""
        time, message = None, text.encode()
        if self.type == COSIGNATURE:
            time, signature = int.from_bytes(signature[:8]), signature[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature as failure:
            raise NoteInvalid(f"The signature of {self.name} does not match the text.") from failure
        return time


class Signer:
    """A private key with the name it signs under; its repr shows neither the key nor its seed."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        if not _KEY_NAME.fullmatch(name):
            raise NoteInvalid("The name of a key has no spaces and no +, and is not empty.")
        self.verifier = Verifier(name, key.public_key().public_bytes_raw())
        self._key = key

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """The signer whose Ed25519 private key is made of these 32 bytes (RFC 8032)."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, text: str) -> str:
        """The signature line for a text, without its newline."""
        blob = self.verifier.key_id + self._key.sign(text.encode())
        return f"— {self.verifier.name} {b64encode(blob).decode('ascii')}"

    def __repr__(self) -> str:
        return f"<Signer {self.verifier}>"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line that verified; `time` is when a witness cosigned, in seconds."""

    verifier: Verifier
    time: int | None


def sign(text: str, *signers: Signer) -> str:
    """A note: the text, which ends with a newline, and a signature line of each signer."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise NoteInvalid("The text of a note ends with a newline and has no control characters.")
    return text + "\n" + "".join(f"{signer.sign(text)}\n" for signer in signers)


def verify(note: str, *, verifiers: Collection[Verifier]) -> tuple[str, tuple[Signature, ...]]:
    """The text of a note and which of the keys signed it, at least one; else raise NoteInvalid.

    Signatures of other keys are ignored; a wrong signature of one of ours spoils the whole note.
    """
    text, lines = split(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    found: dict[tuple[str, bytes], Signature] = {}
    for name, blob in lines:
        key = (name, blob[:4])
        if key in known and key not in found:
            found[key] = Signature(known[key], known[key].verify(text, blob[4:]))
    if not found:
        raise NoteInvalid("None of the keys we trust signed this note.")
    return text, tuple(found.values())


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note, and the name and bytes of each signature; nothing is verified yet."""
    if len(note) > LONGEST_NOTE or _CONTROL.search(note):
        raise NoteInvalid("The note is too long or has control characters.")
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise NoteInvalid("The note has no blank line with whole signature lines after it.")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteInvalid(f"The note has more than {MOST_SIGNATURES} signatures.")
    return text + "\n", [_read_signature(line) for line in lines]


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64 in its one canonical spelling."""
    try:
        data = b64decode(text, validate=True)
    except (NotBase64, ValueError) as failure:
        raise NoteInvalid("This is not base64.") from failure
    if b64encode(data).decode("ascii") != text:
        raise NoteInvalid("This base64 is not spelled canonically.")
    return data


def _read_signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise NoteInvalid("A signature line is not a dash, a name and a base64 signature.")
    blob = decode_base64(match[2])
    if len(blob) <= 4:
        raise NoteInvalid("A signature is empty.")
    return match[1], blob
