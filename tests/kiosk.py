"""A tablet at the counter of Café Aurora, which seals what it sends as the page's script does."""

import base64
import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.utils import timezone

from consent.capture.kiosk import sealing, tablets
from consent.models import Kiosk
from consent.sample import Sample

IV = bytes(12)


@dataclass
class Tablet:
    """A browser that staff have opened for a capture point."""

    client: Client
    kiosk: Kiosk
    key: str
    path: str
    html: str = ""

    @classmethod
    def of(cls, aurora: Sample, client: Client | None = None) -> "Tablet":
        """A kiosk that was made, on a tablet that nobody has opened yet."""
        key = tablets.new_key()
        kiosk = Kiosk.objects.create(
            point=aurora.point,
            name="counter 2",
            digest=tablets.digest(key),
            made_by="staff:1",
            made_at=timezone.now(),
        )
        path = f"/c/{aurora.company.slug}/{aurora.point.slug}/kiosk/"
        return cls(client or Client(), kiosk, key, path)

    def open(self) -> "Tablet":
        """Staff open its link, and the page is there."""
        self.client.post(f"{self.path}open/", {"key": self.key})
        self.html = self.client.get(f"{self.path}?lang=pt-BR").content.decode()
        return self

    def said(self, name: str) -> str:
        """What the page tells its script."""
        found = re.search(rf'data-{name}="([^"]*)"', self.html)
        assert found, name
        return found[1]

    def sealed(self, *, waited: int = 0, name: str = "", **answer: Any) -> dict[str, Any]:
        """One answer as it is sent after `waited` milliseconds; the tablet's clock is two years behind."""
        said_at = 1_700_000_000_000
        name = name or str(uuid.uuid4())
        values = {
            "token": self.said("token"), "phone": "(11) 98765-4321", "boxes": ["novidades.sms"], "signature": "",
            "said_at": said_at,
        }  # fmt: skip
        own = ec.generate_private_key(ec.SECP256R1())
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), base64.b64decode(self.said("public-key"))
        )
        key = sealing.derived(own.exchange(ec.ECDH(), theirs))
        content = AESGCM(key).encrypt(IV, json.dumps(values | answer).encode(), name.encode())
        public = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "id": name, "key": int(self.said("key-number")), "public": base64.b64encode(public).decode(),
            "iv": base64.b64encode(IV).decode(), "sealed": base64.b64encode(content).decode(),
            "sent_at": said_at + waited,
        }  # fmt: skip

    def send(self, sealed: dict[str, Any]) -> Any:
        """Hand one answer in."""
        return self.client.post(f"{self.path}answers/", sealed, content_type="application/json")
