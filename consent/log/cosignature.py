"""The signature of a witness below a log's checkpoint, with the time it was made (C2SP tlog-cosignature)."""

from base64 import b64encode
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.log import note

LATEST = (1 << 63) - 1  # seconds


class Cosigner:
    """The private key of a witness with the name it signs under; its repr shows neither key nor seed."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        public = note.Signer(name, key).verifier  # which refuses a name that no key may have
        self.verifier = note.Verifier(name, public.public_key, note.COSIGNATURE)
        self._key = key

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """The cosigner whose Ed25519 private key is made of these 32 bytes (RFC 8032)."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    def cosign(self, text: str, *, time: int) -> str:
        """The signature line for the text of a checkpoint, without its newline.

        It says that the checkpoint is the largest this witness has seen, and continues all it saw before;
        whoever calls has checked that.
        """
        if not 0 < time <= LATEST:
            raise ValueError(f"A cosignature cannot be made at {time} seconds.")
        signature = self._key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        blob = self.verifier.key_id + time.to_bytes(8) + signature
        return f"— {self.verifier.name} {b64encode(blob).decode('ascii')}"

    def __repr__(self) -> str:
        return f"<Cosigner {self.verifier}>"
