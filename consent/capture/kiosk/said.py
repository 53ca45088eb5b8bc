"""What a tablet hands in, read strictly: sealed on the way, and inside it the answer of one person."""

import base64
import io
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from consent.capture.kiosk import sealing
from consent.errors import BadInput
from consent.recording import File

type Base64 = Annotated[str, StringConstraints(max_length=240_000)]

MOST_PIXELS = 2_000_000  # of a signature
MILLISECONDS = 10**14  # what is larger is no moment


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Sealed(_Strict):
    """One answer as it waits on the tablet, and when the tablet sends it, by its own clock."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    key: Annotated[int, Field(ge=0, le=255)]
    public: Base64
    iv: Base64
    sealed: Base64
    sent_at: Annotated[int, Field(ge=0, lt=MILLISECONDS)]


class Answer(_Strict):
    """What one person did: the showing before them, their number and boxes, and when, by the tablet's clock."""

    token: Annotated[str, StringConstraints(max_length=2000)]
    phone: Annotated[str, StringConstraints(max_length=100)]
    boxes: Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=50)]
    signature: Base64 = ""
    said_at: Annotated[int, Field(ge=0, lt=MILLISECONDS)]


def read(body: bytes) -> tuple[Sealed, Answer]:
    """The answer in a request. Raises BadInput."""
    try:
        outer = Sealed.model_validate_json(body)
        content = sealing.opened(
            outer.key, public=_bytes(outer.public), iv=_bytes(outer.iv), sealed=_bytes(outer.sealed),
            name=outer.id.encode(),
        )  # fmt: skip
        return outer, Answer.model_validate_json(content)
    except ValueError as error:  # no JSON, another shape, no Base64, or sealed for somebody else
        raise BadInput("kiosk.unreadable", _("This answer cannot be read."), status=400) from error


def signature(answer: Answer) -> tuple[File, ...]:
    """What was drawn with a finger, encoded anew; nothing where nothing was. Raises BadInput."""
    if not answer.signature:
        return ()
    wrong = BadInput("signature.invalid", _("The signature is no picture."))
    try:
        with Image.open(io.BytesIO(_bytes(answer.signature)), formats=["PNG"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise wrong
            out = io.BytesIO()
            picture.convert("L").save(out, format="PNG")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise wrong from error
    return (File(name="signature.png", media_type="image/png", content=out.getvalue()),)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
