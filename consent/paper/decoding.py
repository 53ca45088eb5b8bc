"""A file of any kind that scanners and phones make becomes pictures, page by page, within the limits."""

import os
import warnings
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import Any, BinaryIO

import cv2
import numpy as np
import pillow_heif
import pypdfium2
from PIL import ExifTags, Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401 - loaded once, see preinit

from consent.paper import kinds, limits
from consent.paper.kinds import PDF
from consent.paper.result import Reason

type Picture = np.ndarray[Any, np.dtype[np.uint8]]

LONG_SIDE = 2700  # pixels that reading needs: 230 dpi of A4; where more come in, all are kept for showing
END_OF_JPEG = b"\xff\xd9"
POINTS = 14_400  # the longest side of a PDF page that other programs open, in 1/72 inch

# Every kind we read is loaded here; else the fork of each page would load all that Pillow knows.
Image.preinit()
pillow_heif.register_heif_opener()
warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.MAX_IMAGE_PIXELS = limits.PIXELS


class Unreadable(Exception):
    """A file or page that gives no picture."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class File:
    """A file whose kind is known by what it begins with; its name and declared type are not asked."""

    stream: BinaryIO
    kind: str


def opened(content: bytes | BinaryIO) -> File:
    """The file. Raises Unreadable where it is empty, too large, or of a kind that we do not read."""
    stream = BytesIO(content) if isinstance(content, bytes) else content
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if not size:
        raise Unreadable(Reason.EMPTY)
    kind = kinds.of(stream.read(1024))
    if not kind:
        raise Unreadable(Reason.WRONG_TYPE)
    if size > kinds.largest(kind):
        raise Unreadable(Reason.TOO_LARGE)
    return File(stream, kind)


def pages(file: File) -> int:
    """How many pages it has. Raises Unreadable."""
    count = _pdf_pages(file) if file.kind == PDF else _frames(file)
    if count > limits.PAGES:
        raise Unreadable(Reason.TOO_MANY_PAGES)
    return count


def picture(file: File, page: int) -> Picture:
    """One page as grey or RGB pixels, turned as its file says. Raises Unreadable."""
    try:
        return _pdf_picture(file, page) if file.kind == PDF else _image_picture(file, page)
    except MemoryError as error:
        raise Unreadable(Reason.TOO_MUCH_MEMORY) from error


def original(file: File, page: int) -> tuple[bytes, str]:
    """One page as it came, with its media type: of a PDF a PDF of one page, with the very same pictures in it.

    Raises Unreadable.
    """
    if file.kind == PDF:
        return _pdf_page(file, page), kinds.MEDIA_TYPES[PDF]
    if file.kind == "TIFF" and _frames(file) > 1:
        image = _open(file)
        image.seek(page)
        out = BytesIO()
        image.save(out, format="TIFF", compression="tiff_lzw" if image.mode != "1" else "group4")
        return out.getvalue(), "image/tiff"
    file.stream.seek(0)
    return file.stream.read(), kinds.MEDIA_TYPES[file.kind]


def _pdf_page(file: File, page: int) -> bytes:
    with closing(_pdf(file)) as document, closing(pypdfium2.PdfDocument.new()) as alone:
        try:
            alone.import_pages(document, [page])
            out = BytesIO()
            alone.save(out)
        except (pypdfium2.PdfiumError, ValueError, IndexError) as error:
            raise Unreadable(Reason.CORRUPT) from error
        return out.getvalue()


def _pdf(file: File) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(file.stream)
    except pypdfium2.PdfiumError as error:
        is_locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise Unreadable(Reason.ENCRYPTED if is_locked else Reason.CORRUPT) from error


def _pdf_pages(file: File) -> int:
    with closing(_pdf(file)) as document:
        if not len(document):
            raise Unreadable(Reason.CORRUPT)
        return len(document)


def _pdf_picture(file: File, page: int) -> Picture:
    with closing(_pdf(file)) as document:
        try:
            found = document[page]
            width, height = found.get_size()
            if not (min(width, height) > 0 and max(width, height) <= POINTS):
                raise Unreadable(Reason.TOO_MANY_PIXELS)
            bitmap = found.render(
                scale=LONG_SIDE / max(width, height), rev_byteorder=True, no_smoothpath=True
            )
            pixels = bitmap.to_numpy()
        except (pypdfium2.PdfiumError, ValueError, IndexError) as error:
            raise Unreadable(Reason.CORRUPT) from error
        return _copied(pixels[:, :, :3] if pixels.ndim == 3 else pixels)


def _copied(pixels: Any) -> Picture:
    """Grey pixels of their own where every pixel is grey: a third of the work from here on."""
    if pixels.ndim == 3:
        small = pixels[::8, ::8].astype(np.int16)
        if int(np.abs(small - small[:, :, :1]).max()) <= 3:
            return np.ascontiguousarray(pixels[:, :, 1])
    return np.ascontiguousarray(pixels)


def _open(file: File) -> Image.Image:
    try:
        file.stream.seek(0)
        image = Image.open(file.stream, formats=[file.kind])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(Reason.TOO_MANY_PIXELS) from error
    except Exception as error:  # decoders raise whatever their parser ran into
        raise Unreadable(Reason.CORRUPT) from error
    return image


def _frames(file: File) -> int:
    image = _open(file)
    try:
        # A HEIC or WebP of several pictures is a live photo: its first is the page.
        return int(getattr(image, "n_frames", 1)) if file.kind == "TIFF" else 1
    except Exception as error:
        raise Unreadable(Reason.CORRUPT) from error


def _image_picture(file: File, page: int) -> Picture:
    image = _open(file)
    try:
        if page:
            image.seek(page)
        if image.width * image.height > limits.PIXELS or max(image.size) > limits.SIDE:
            raise Unreadable(Reason.TOO_MANY_PIXELS)
        if (pixels := _photo(file, image)) is not None:
            return pixels
        # A large JPEG is decoded at a half or a quarter of its size.
        shrunk = LONG_SIDE / max(image.size)
        image.draft("RGB", (ceil(image.width * shrunk), ceil(image.height * shrunk)))
        image.load()
        # Not by ImageOps.exif_transpose, which breaks on tags of cameras that it cannot write again.
        pixels = _upright(np.asarray(_plain(image)), image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(Reason.TOO_MANY_PIXELS) from error
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # as above
        raise Unreadable(Reason.CORRUPT) from error
    return _copied(pixels)


def _photo(file: File, image: Image.Image) -> Picture | None:
    """A common JPEG the short way, which makes no copies; None for what goes the long way, which knows every kind."""
    if file.kind != "JPEG" or image.mode not in {"L", "RGB"} or max(image.size) >= 2 * LONG_SIDE:
        return None
    file.stream.seek(0)
    content = file.stream.read()
    if not content.endswith(END_OF_JPEG):  # it may be cut off
        return None
    how: int = cv2.IMREAD_GRAYSCALE if image.mode == "L" else cv2.IMREAD_COLOR_RGB
    pixels: Any = cv2.imdecode(np.frombuffer(content, np.uint8), how | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if pixels is None else _copied(_upright(pixels, image))


def _upright(pixels: Any, image: Image.Image) -> Any:
    """Turned as the file says. EXIF 2.32 section 4.6.4, Orientation."""
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in {2, 3, 6, 7} else pixels


def _plain(image: Image.Image) -> Image.Image:
    """8 bits a pixel, grey or RGB, on white paper."""
    if image.mode.startswith("I") or image.mode == "F":
        raw = np.asarray(image).astype(np.float32)
        deep = raw.max() > 255
        return Image.fromarray((raw / 257 if deep else raw).clip(0, 255).astype(np.uint8))
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    if image.mode in {"L", "RGB"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")
