"""Whatever is dropped ends as a reading or as a reason, within its limits; the next page is read all the same."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pillow_heif
import pypdfium2
import pytest
from PIL import Image

from consent.capture.paper import reading
from consent.paper import decoding, page
from consent.paper.pulled import InMemory
from consent.paper.result import PageReading, Reason
from tests import papers

CANARY = b"Canon of Ana"


@pytest.fixture(scope="module")
def scan() -> Image.Image:
    """A printed sheet as a picture."""
    document = pypdfium2.PdfDocument(papers.sheets())
    picture = document[0].render(scale=2).to_pil().convert("RGB")
    document.close()
    return picture


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def odd_exif() -> bytes:
    """A direction, and a height whose unit is text: Pillow reads it and cannot write it again."""
    return bytes.fromhex(
        "457869660000 4d4d002a00000008 0002 011200030000000100060000 882500040000000100000026 00000000"
        "0001 000600020000000141000000 00000000"
    )


def header_only(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as this."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", ihdr)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


def first(content: bytes) -> PageReading:
    """What stands on its first page, read in this process."""
    return page.read(decoding.opened(content), 0)[0]


def reason_of(content: bytes) -> Reason | None:
    """Why it was not read, as a file or as its first page."""
    try:
        file = decoding.opened(content)
        decoding.pages(file)
        return page.read(file, 0)[0].reason
    except decoding.Unreadable as refused:
        return refused.reason


def test_every_kind_that_scanners_and_phones_make_is_read(scan: Image.Image) -> None:
    pillow_heif.register_heif_opener()
    deep = Image.fromarray(np.asarray(scan.convert("L")).astype(np.uint16) * 257)
    kinds = {
        "jpeg": saved(scan, "JPEG"),
        "cmyk": saved(scan.convert("CMYK"), "JPEG"),
        "png": saved(scan, "PNG"),
        "png with holes": saved(scan.convert("RGBA"), "PNG"),
        "palette": saved(scan.convert("P"), "PNG"),
        "tiff": saved(scan, "TIFF", compression="tiff_lzw"),
        "16 bits": saved(deep, "TIFF"),
        "fax": saved(scan.convert("1", dither=Image.Dither.NONE), "TIFF", compression="group4"),
        "webp": saved(scan, "WEBP", quality=70),
        "heic": saved(scan, "HEIF", quality=70),
        "pdf of a scan": saved(scan, "PDF", resolution=144),
        "grey": saved(scan.convert("L"), "JPEG"),
    }

    read = {name: first(content) for name, content in kinds.items()}

    assert {name: one.reason for name, one in read.items()} == dict.fromkeys(kinds)
    assert len({one.sheet.serial for one in read.values() if one.sheet}) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MZ" + bytes(100), Reason.WRONG_TYPE),
        (b"<html><body>no</body></html>", Reason.WRONG_TYPE),
        (b"PK\x03\x04" + bytes(100), Reason.WRONG_TYPE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Reason.WRONG_TYPE),
        (b"%!PS-Adobe-3.0 EPSF-3.0", Reason.WRONG_TYPE),
        (b"GIF89a" + bytes(50), Reason.WRONG_TYPE),
        (b"\0\0\1\0\1\0" + bytes(50), Reason.WRONG_TYPE),
        (b"8BPS" + bytes(50), Reason.WRONG_TYPE),
        (b"\xff\xd8\xff\xe0" + bytes(50), Reason.CORRUPT),
        (b"II*\0" + bytes(50), Reason.CORRUPT),
        (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(50), Reason.CORRUPT),
        (b"\0\0\0\x18ftypheic" + bytes(50), Reason.CORRUPT),
        (b"%PDF-1.4\n" + bytes(500), Reason.CORRUPT),
        (header_only(100_000, 100_000), Reason.TOO_MANY_PIXELS),
        (header_only(10_000, 9_000), Reason.TOO_MANY_PIXELS),
        (header_only(40_000, 1), Reason.TOO_MANY_PIXELS),
        (header_only(3_000, 2_000), Reason.CORRUPT),
    ],
)
def test_what_is_no_picture_has_its_reason(content: bytes, reason: Reason) -> None:
    assert reason_of(content) == reason


def test_pictures_that_are_cut_off_or_damaged_have_their_reason(scan: Image.Image) -> None:
    png, jpeg = saved(scan, "PNG"), saved(scan, "JPEG")
    broken = bytearray(png)
    broken[len(png) // 2] ^= 0xFF  # a checksum that no longer holds

    assert reason_of(jpeg[: len(jpeg) // 2]) == Reason.CORRUPT
    assert reason_of(png[: len(png) // 2]) == Reason.CORRUPT
    assert reason_of(bytes(broken)) == Reason.CORRUPT
    assert reason_of(papers.sheets()[:20_000]) == Reason.CORRUPT


def test_a_locked_pdf_says_that_it_is_locked() -> None:
    # The standard handler's smallest form; its key is not that of an empty password.
    locked = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n"
        b"4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">>>endobj\n"
        b"trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>\n%%EOF"
    )

    assert reason_of(locked) == Reason.ENCRYPTED


def test_a_page_as_large_as_a_field_is_refused() -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_401, 100)
    out = BytesIO()
    document.save(out)
    document.close()

    assert reason_of(out.getvalue()) == Reason.TOO_MANY_PIXELS


def test_pages_of_a_tiff_are_read_one_by_one_and_a_bomb_among_them_costs_only_itself(
    scan: Image.Image,
) -> None:
    small = scan.convert("L")
    bomb = Image.new("1", (9_000, 9_000))
    content = saved(small, "TIFF", save_all=True, append_images=[bomb, small], compression="tiff_deflate")

    with reading.opened(content) as document:
        assert [document.read(number)[0].reason for number in range(document.pages)] == [
            None,
            Reason.TOO_MANY_PIXELS,
            None,
        ]


def test_too_many_pages_are_refused() -> None:
    dot = Image.new("1", (1, 1))

    assert reason_of(saved(dot, "TIFF", save_all=True, append_images=[dot] * 300)) == Reason.TOO_MANY_PAGES


def test_where_a_photo_was_taken_stands_in_nothing_that_is_shown(scan: Image.Image) -> None:
    about = Image.Exif()
    about[0x010F] = CANARY.decode()
    about[0x0112] = 6  # the phone was held upright
    about.get_ifd(0x8825)[29] = CANARY.decode()
    content = saved(scan.rotate(90, expand=True), "JPEG", exif=about, comment=CANARY)
    assert CANARY in content

    found = first(content)

    assert found.reason is None
    for picture in (found.picture, *found.crops.values()):
        assert CANARY not in picture
        assert not Image.open(BytesIO(picture)).getexif()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_a_photo_is_turned_whatever_else_its_camera_wrote(scan: Image.Image, kind: str) -> None:
    assert first(saved(scan.rotate(90, expand=True), kind, exif=odd_exif())).reason is None


def test_the_same_picture_has_the_same_fingerprint_whatever_its_file_says(scan: Image.Image) -> None:
    about = Image.Exif()
    about[0x010F] = CANARY.decode()
    prints = [
        first(content).fingerprint
        for content in (saved(scan, "PNG"), saved(scan, "TIFF"), saved(scan, "PNG", exif=about))
    ]
    other = scan.copy()
    other.putpixel((300, 300), (0, 0, 0))

    assert len(set(prints)) == 1
    assert first(saved(other, "PNG")).fingerprint not in prints


def test_pages_without_a_sheet_say_why(scan: Image.Image) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (900, 700), np.uint8)
    words = Image.new("L", (700, 900), 255)
    words.paste(Image.fromarray(noise[:200, :600] // 2), (50, 50))

    assert reason_of(saved(Image.new("L", (700, 900), 250), "PNG")) == Reason.BLANK
    assert reason_of(saved(words, "PNG")) == Reason.NO_CODE
    assert reason_of(saved(scan.reduce(12).resize(scan.size), "PNG")) == Reason.TOO_BLURRED


def test_a_page_that_needs_too_much_memory_costs_only_itself(scan: Image.Image) -> None:
    large = Image.new("RGBA", (7_000, 7_000))  # each of the copies that white paper behind it needs is 196 MB
    content = saved(
        scan.convert("L"), "TIFF", save_all=True, append_images=[large], compression="tiff_deflate"
    )
    document = reading.Document(InMemory(content), memory=700 * 1024 * 1024)
    try:
        assert document.read(1)[0].reason == Reason.TOO_MUCH_MEMORY
        assert document.read(0)[0].reason is None
    finally:
        document.close()


def test_a_page_that_takes_too_long_has_its_reason(scan: Image.Image) -> None:
    document = reading.Document(InMemory(saved(scan, "PNG")))
    try:
        document._limits["seconds"] = 0.001
        document.close()

        assert document.read(0)[0].reason == Reason.TOO_SLOW
    finally:
        document.close()


def test_a_jpeg_of_twelve_bits_has_its_reason_or_its_picture(scan: Image.Image) -> None:
    jpeg = bytearray(saved(scan, "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 1], jpeg[frame + 4] = 0xC1, 12  # an extended frame of twelve bits a sample

    assert reason_of(bytes(jpeg)) in {Reason.CORRUPT, None}


def test_a_long_pile_is_read_without_ever_being_held_whole(scan: Image.Image) -> None:
    asked: list[tuple[int, int]] = []

    class Pile(InMemory):
        def read(self, offset: int, size: int) -> bytes:
            asked.append((offset, size))
            return super().read(offset, size)

    noise = np.random.default_rng(1).integers(0, 255, (1_500, 1_500, 3), np.uint8)
    heavy = Image.fromarray(noise)
    content = saved(
        scan, "PDF", save_all=True, append_images=[heavy] * 6 + [scan], resolution=144, quality=100
    )
    with reading.opened(Pile(content)) as document:
        asked.clear()
        assert document.read(7)[0].reason is None

    assert len(content) > 12_000_000
    assert sum(size for _offset, size in asked) < len(content) / 4
    assert max(size for _offset, size in asked) <= 32 * 1024


def test_a_page_that_ended_in_the_middle_of_asking_spoils_no_other(scan: Image.Image) -> None:
    class Torn(InMemory):
        def read(self, offset: int, size: int) -> bytes:
            return super().read(offset, size - 1 if is_torn else size)

    is_torn = False
    document = reading.Document(Torn(saved(scan, "TIFF", save_all=True, append_images=[scan])))
    try:
        is_torn = True
        assert document.read(0)[0].reason == Reason.CRASHED
        is_torn = False
        assert document.read(1)[0].reason is None
    finally:
        document.close()
