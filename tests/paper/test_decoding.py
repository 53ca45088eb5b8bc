"""A photo is decoded the short way where it can be, and comes out as by the long way, which knows every kind."""

from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image

from consent.paper import decoding


def photo(mode: str, orientation: int) -> bytes:
    dots = np.random.default_rng(1).integers(0, 255, (6, 9, 3), np.uint8)
    about = Image.Exif()
    about[ExifTags.Base.Orientation] = orientation
    out = BytesIO()
    picture = Image.fromarray(dots).resize((90, 60)).convert(mode)
    picture.save(out, "JPEG", exif=about, quality=90)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_by_either_way(mode: str, orientation: int) -> None:
    content = photo(mode, orientation)
    # What follows the end, as some phones have it, makes it go the long way.
    short, long = (decoding.picture(decoding.opened(one), 0) for one in (content, content + b"more"))

    assert short.shape[:2] == ((60, 90) if orientation < 5 else (90, 60))
    assert np.array_equal(short, long)
