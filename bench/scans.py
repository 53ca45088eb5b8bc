"""What scanners and phones make of a sheet: turned, noisy, stained, shaded, bent, blurred, cut off, upside down."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from PIL import Image

type Picture = np.ndarray[Any, np.dtype[Any]]  # of bytes; OpenCV says that of none
type Random = np.random.Generator

DPI = 300  # of the pages that come in


@dataclass(frozen=True, slots=True)
class Scan:
    """A file as a scanner or a phone makes it, and what was done to it."""

    content: bytes
    kind: str


def scanned(page: Picture, random: Random) -> Scan:
    """A page through a scanner: 150 to 400 dpi, up to 5 degrees askew, in colour, grey or black and white."""
    dpi = int(random.choice([150, 200, 240, 300, 300, 300, 400], p=[0.1, 0.2, 0.1, 0.15, 0.15, 0.2, 0.1]))
    factor = dpi / DPI * random.uniform(0.97, 1.03)
    stained = _stains(page, random) if random.random() < 0.35 else page
    picture = _turned(stained, float(random.uniform(-5, 5)), factor, random)
    if random.random() < 0.12:
        picture = np.ascontiguousarray(picture[::-1, ::-1])
    if random.random() < 0.2:
        cut = [int(value) for value in random.uniform(0, 7 / 25.4 * dpi, 4)]
        picture = picture[cut[0] : picture.shape[0] - cut[1], cut[2] : picture.shape[1] - cut[3]]
    picture = cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.3, 1.1)) * dpi / 300 + 0.1)
    light = picture.astype(np.float32) * random.uniform(0.85, 1.08) + random.uniform(-12, 18)
    light += random.normal(0, random.uniform(1, 9), picture.shape[:2])[:, :, None]
    picture = np.clip(light, 0, 255).astype(np.uint8)
    depth = str(random.choice(["colour", "grey", "bilevel"], p=[0.4, 0.4, 0.2]))
    if depth == "bilevel":
        return Scan(_bilevel(picture, random), f"{depth} {dpi}")
    image = Image.fromarray(picture)
    quality = int(random.choice([40, 40, 60, 85]))
    return Scan(
        _jpeg(image if depth == "colour" else image.convert("L"), quality), f"{depth} {dpi} q{quality}"
    )


def photographed(pages: list[Picture], random: Random) -> Scan:
    """One page, or two side by side, on a table, by a phone: in perspective, unevenly lit, blurred, sometimes bent."""
    wide = int(random.uniform(2200, 4000)) if len(pages) == 1 else 4000
    high = round(wide * 4 / 3) if len(pages) == 1 else round(wide * 3 / 4)
    picture = _table(high, wide, random)
    for number, page in enumerate(pages):
        bent = _bent(page, random) if random.random() < 0.25 else page
        part = wide / len(pages)
        _laid(picture, bent, (number * part, 0, part, high), random)
    picture = _lit(picture, random)
    if random.random() < 0.3:
        picture = np.ascontiguousarray(np.rot90(picture, int(random.integers(1, 4))))
    blur = float(random.uniform(0.5, 2.0)) * wide / 3000
    picture = cv2.GaussianBlur(picture, (0, 0), blur)
    if random.random() < 0.3:
        picture = _shaken(picture, random)
    noisy = picture.astype(np.float32) + random.normal(0, random.uniform(1, 7), picture.shape)
    return Scan(
        _jpeg(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), int(random.integers(55, 93))), "photo"
    )


def _turned(page: Picture, degrees: float, factor: float, random: Random) -> Picture:
    high, wide = page.shape[0] * factor, page.shape[1] * factor
    turn: np.ndarray[Any, Any] = cv2.getRotationMatrix2D(
        (page.shape[1] / 2, page.shape[0] / 2), degrees, factor
    )
    turn[:, 2] += (wide - page.shape[1]) / 2, (high - page.shape[0]) / 2
    turn[:, 2] += random.normal(0, 8, 2)
    # Behind the paper is the white of the lid, or the black of the feeder.
    behind = (255, 255, 255) if random.random() < 0.7 else (30, 30, 32)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    if factor < 0.8:
        page = cv2.GaussianBlur(page, (0, 0), 0.45 / factor)
    return cv2.warpAffine(
        page, turn, (round(wide), round(high)), flags=how & 1 or cv2.INTER_LINEAR, borderValue=behind
    )


def _stains(page: Picture, random: Random) -> Picture:
    """Rings and drops of coffee, and greasy shadows: light, but with edges."""
    cover = np.zeros(page.shape[:2], np.float32)
    for _ in range(int(random.integers(1, 5))):
        middle = int(random.uniform(0, page.shape[1])), int(random.uniform(0, page.shape[0]))
        size = int(random.uniform(3, 45) / 25.4 * DPI)
        line = -1 if random.random() < 0.5 else int(random.uniform(1, 4) / 25.4 * DPI)
        cv2.circle(cover, middle, size, float(random.uniform(0.05, 0.22)), line, cv2.LINE_AA)
    cover = cv2.GaussianBlur(cover, (0, 0), float(random.uniform(2, 20)))[:, :, None]
    return (page * (1 - cover) + np.array((150, 110, 60)) * cover * 0.6).astype(np.uint8)


def _bilevel(picture: Picture, random: Random) -> bytes:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    black = grey < random.uniform(115, 175)
    salt = random.random(grey.shape) < random.uniform(0, 0.004)
    out = BytesIO()
    Image.fromarray(~(black ^ salt)).save(out, "TIFF", compression="group4")
    return out.getvalue()


def _table(high: int, wide: int, random: Random) -> Picture:
    colour = random.uniform(30, 210, 3)
    grain = cv2.resize(random.normal(0, 14, (high // 40, wide // 8)).astype(np.float32), (wide, high))
    return np.clip(colour + grain[:, :, None], 0, 255).astype(np.uint8)


def _laid(picture: Picture, page: Picture, spot: tuple[float, float, float, float], random: Random) -> None:
    """The page on the table, seen from somewhere above."""
    left, top, wide, high = spot
    ratio = page.shape[0] / page.shape[1]
    size = min(wide * 0.9, high * 0.92 / ratio) * random.uniform(0.86, 1.0)
    half = np.array([[-1, -ratio], [1, -ratio], [1, ratio], [-1, ratio]]) * size / 2
    angle = np.radians(random.uniform(-8, 8) if wide < high * 1.2 else random.uniform(-3, 3))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    ends = half @ turn.T
    ends *= 1 + random.uniform(-0.07, 0.07, (4, 1))
    ends += (left + wide / 2, top + high / 2)
    corners = np.array(
        [[0, 0], [page.shape[1], 0], [page.shape[1], page.shape[0]], [0, page.shape[0]]], np.float32
    )
    view = cv2.getPerspectiveTransform(corners, ends.astype(np.float32))
    size_of = picture.shape[1], picture.shape[0]
    soft = cv2.GaussianBlur(page, (0, 0), max(0.01, 0.4 * page.shape[1] / size))
    over = cv2.warpPerspective(soft, view, size_of, flags=cv2.INTER_LINEAR)
    where = cv2.warpPerspective(np.full(page.shape[:2], 255, np.uint8), view, size_of) > 127
    picture[where] = over[where]


def _bent(page: Picture, random: Random) -> Picture:
    """Paper that does not lie flat: its lines wave by up to two millimetres."""
    high, wide = page.shape[:2]
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    deep = random.uniform(0.4, 2.0) / 25.4 * DPI
    long = random.uniform(0.8, 1.6)
    wave = (deep * np.sin(2 * np.pi * long * x / wide + random.uniform(0, 6))).astype(np.float32)
    return cv2.remap(page, x, y + wave, cv2.INTER_LINEAR, borderValue=(250, 250, 250))


def _lit(picture: Picture, random: Random) -> Picture:
    """Light from a side, and the shadow of a hand or a phone."""
    high, wide = picture.shape[:2]
    y, x = np.mgrid[0:high:8, 0:wide:8].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * x / wide + np.sin(angle) * y / high) * random.uniform(0.1, 0.45)
    light = random.uniform(0.75, 1.0) + slope - slope.max()
    if random.random() < 0.6:
        shade = np.zeros(light.shape, np.float32)
        spots = random.uniform(-0.2, 1.2, (4, 2)) * (light.shape[1], light.shape[0])
        cv2.fillPoly(shade, [cv2.convexHull(spots.astype(np.int32))], float(random.uniform(0.15, 0.45)))
        light = light * (1 - cv2.GaussianBlur(shade, (0, 0), float(random.uniform(1, 14))))
    light = cv2.resize(np.clip(light, 0.2, 1.1).astype(np.float32), (wide, high))
    cast = random.uniform(0.86, 1.0, 3)
    lit: Picture = np.clip(picture * light[:, :, None] * cast, 0, 255).astype(np.uint8)
    return lit


def _shaken(picture: Picture, random: Random) -> Picture:
    size = int(random.uniform(3, 7) * picture.shape[1] / 3000) | 1
    path = np.zeros((size, size), np.float32)
    end = random.uniform(0, size - 1, 2).astype(int)
    cv2.line(path, tuple(int(v) for v in end), tuple(int(size - 1 - v) for v in end), 1.0)
    return cv2.filter2D(picture, -1, path / path.sum())


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
