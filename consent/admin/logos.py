"""A company's logo: any ordinary picture, made a small PNG that holds nothing but its pixels."""

from __future__ import annotations

import io
import warnings

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000  # read from the header, before anything is decoded
# A progressive JPEG has about ten scans; each runs over all pixels, and may be 23 bytes long.
MOST_SCANS = 100
SCAN = b"\xff\xda"  # how one begins (ITU T.81 B.2.3), which stands in nothing that is packed
SIZE = (480, 240)
FORMATS = ("PNG", "JPEG", "WEBP")


def read(upload: UploadedFile[bytes]) -> bytes:
    """The PNG bytes of an uploaded picture. Raises ValidationError.

    Always encoded anew: what else was in the file (EXIF, a page, a script) does not survive.
    """
    if (upload.size or 0) > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 5 MB. Use a smaller one."), code="logo.too_big")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _small(upload.read())
    except Exception as error:  # decoders, of EXIF too, raise whatever their parser ran into
        raise ValidationError(
            _("This is not a PNG, JPEG or WebP picture that can be read."), code="logo.not_a_picture"
        ) from error


def _small(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("more pixels than any logo has")
        if picture.format == "JPEG" and content.count(SCAN) > MOST_SCANS:
            raise ValueError("more scans than any picture has")
        upright = ImageOps.exif_transpose(picture)
        drawn = upright.convert("RGBA")
    drawn.thumbnail(SIZE)
    out = io.BytesIO()
    Image.frombytes("RGBA", drawn.size, drawn.tobytes()).save(out, "PNG", optimize=True)
    return out.getvalue()
