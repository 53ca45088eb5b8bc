"""Paper: of sheets filled in by many hands and scanned or photographed badly, how many are read, how well, how fast."""

from bench import figures, house

house.begin(sqlite=True)

import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pypdfium2

from bench import pens, scans
from bench.pens import Filled
from bench.scans import Scan
from consent.capture.paper import reading, sheet
from consent.paper import code
from consent.paper.code import Sheet
from consent.paper.result import Mark, PageReading, Presence
from consent.vocabulary import Language
from tests import papers

TWO_AT_ONCE = 0.06  # of the photos show two sheets
STREAMED = 200  # pages of one PDF
FAULTS = os.environ.get("BENCH_FAULTS", "")  # a folder for the pictures that were read wrong


@dataclass(slots=True)
class Score:
    """What came of a heap of sheets."""

    sheets: int = 0
    identified: int = 0
    boxes: int = 0
    wrong: int = 0
    unsure: int = 0
    corrected: int = 0
    corrected_passed: int = 0
    signatures_wrong: int = 0
    milliseconds: list[float] = field(default_factory=list)


def main() -> None:
    chosen = figures.arguments(__doc__ or "", pages=400, seed=1, first=0)
    pages = 40 if chosen.quick else chosen.pages
    cv2.setNumThreads(1)
    made = {
        name: score(kind, range(chosen.first, chosen.first + pages), chosen.seed)
        for kind, name in enumerate(("scans", "photos"))
    }
    for name, one in made.items():
        told = ", ".join(f"{key} {getattr(one, key)}" for key in Score.__slots__ if key != "milliseconds")
        figures.say(f"  {name}: {told}")
    promises = [
        promise
        for (name, one), (known, error) in zip(made.items(), ((0.995, 0.001), (0.97, 0.003)), strict=True)
        for promise in promised(name, one, known=known, error=error)
    ]
    promises.append(streamed(20 if chosen.quick else STREAMED))
    figures.report(
        promises,
        command=f"python -m bench.paper --pages {pages} --seed {chosen.seed}",
        machine=house.machine(),
    )


def promised(name: str, one: Score, *, known: float, error: float) -> list[figures.Promise]:
    """The lines of the table about scans, or about photos."""
    sheets, boxes = f"{one.sheets} sheets", f"{one.boxes:,} boxes"
    judged = f"{one.corrected - one.corrected_passed} of {one.corrected} corrected answers among them"
    middle, late = figures.middle(one.milliseconds), np.percentile(one.milliseconds, 95)
    share, wrong, unsure = one.identified / one.sheets, one.wrong / one.boxes, one.unsure / one.boxes
    return [
        figures.Promise(f"{name}: sheets identified", share, f"{one.identified}", sheets, known, True),
        figures.Promise(f"{name}: boxes read wrong, in 100", 100 * wrong, f"{one.wrong}", boxes, 100 * error, False),
        figures.Promise(
            f"{name}: boxes left to a person, in 100", 100 * unsure, f"{one.unsure}", boxes, 3, False, note=judged
        ),
        figures.Promise(
            f"{name}: reading a page, to 200 ms", middle / 200, f"{middle:.0f} ms", "200 ms", 1, False,
            note=f"p95 {late:.0f} ms of one core",
        ),
    ]  # fmt: skip


def score(kind: int, pages: range, seed: int) -> Score:
    """Fill, degrade and read these pages of a kind: 0 is a scanner, 1 a phone."""
    total = Score()
    for number in pages:
        random = np.random.default_rng([seed, kind, number])
        count = 2 if kind and random.random() < TWO_AT_ONCE else 1
        filled = [fill(random) for _ in range(count)]
        pictures = [one.picture for one in filled]
        scan = scans.photographed(pictures, random) if kind else scans.scanned(pictures[0], random)
        try:
            with reading.opened(scan.content) as document:
                found = document.read(0)
                total.milliseconds.append(document.seconds * 1000)
        except reading.FileRefused:
            found = ()
        if judge(total, filled, found):
            fault(kind, number, scan, filled, found)
    return total


@cache
def printed(boxes: int, language: str, paper: str) -> tuple[pypdfium2.PdfDocument, list[str]]:
    always = Random(f"{boxes} {language} {paper}")
    serials = ["".join(always.choices(code.LETTERS, k=10)) for _ in range(20)]
    pdf = sheet.print_sheets(papers.ask(boxes), language=language, serials=serials, paper=paper)
    return pypdfium2.PdfDocument(pdf), serials


def fill(random: np.random.Generator) -> Filled:
    """Some sheet, filled in by somebody."""
    boxes = int(random.choice([1, 2, 4, 6, 9, 14]))
    language, paper = str(random.choice(Language.values)), str(random.choice(["a4", "letter"]))
    document, serials = printed(boxes, language, paper)
    number = int(random.integers(len(serials)))
    picture = document[number].render(scale=scans.DPI / 72, rev_byteorder=True).to_numpy()[:, :, :3]
    asked = papers.ask(boxes)
    rows = tuple(code.Row(offer.purpose_id, offer.channel) for offer in asked.offers)
    about = Sheet(
        serial=serials[number], point=asked.point.pk, version=3, language=language, paper=paper, rows=rows
    )
    return pens.fill(np.ascontiguousarray(picture), about, random)


def judge(total: Score, filled: list[Filled], found: tuple[PageReading, ...]) -> bool:
    """Count what was read right, wrong and not at all; whether anything was wrong or missed."""
    before = total.wrong + total.corrected_passed + total.sheets - total.identified + total.signatures_wrong
    for one in filled:
        total.sheets += 1
        mine = next((read for read in found if read.sheet == one.sheet and read.reason is None), None)
        if mine is None:
            continue
        total.identified += 1
        is_present = mine.signature == Presence.PRESENT
        total.signatures_wrong += mine.signature != Presence.UNSURE and is_present != one.is_signed
        for number, meant in enumerate(one.answers):
            marks = [box.mark for box in mine.boxes if box.row == number]
            total.boxes += 2
            total.unsure += marks.count(Mark.UNSURE)
            if meant is None:
                total.corrected += 1
                total.corrected_passed += Mark.UNSURE not in marks
            else:
                said = zip(marks, meant, strict=True)
                total.wrong += sum(
                    mark not in (Mark.UNSURE, (Mark.EMPTY, Mark.TICKED)[meant]) for mark, meant in said
                )
    return (
        total.wrong + total.corrected_passed + total.sheets - total.identified + total.signatures_wrong
        > before
    )


def fault(kind: int, number: int, scan: Scan, filled: list[Filled], found: tuple[PageReading, ...]) -> None:
    reasons = [str(one.reason) for one in found]
    figures.say(f"  {'photo' if kind else 'scan'} {number} ({scan.kind}): {len(filled)} sheets, {reasons}")
    if FAULTS:
        name = f"{kind}-{number}"
        (Path(FAULTS) / f"{name}.file").write_bytes(scan.content)
        told = [
            [(box.row, box.is_yes, box.mark.value, box.confidence) for box in read.boxes]
            + [read.signature.value]
            for read in found
        ]
        meant = [(one.sheet.serial, len(one.answers), one.answers, one.is_signed) for one in filled]
        (Path(FAULTS) / f"{name}.txt").write_text(f"{meant}\n{told}\n")


def streamed(pages: int) -> figures.Promise:
    """A long PDF through the process that reads: the most memory it ever took, and that every page came."""
    content = papers.sheets(pages)
    most, read = 0.0, 0
    with reading.opened(content) as document:
        for number in range(document.pages):
            read += document.read(number)[0].reason is None
        assert document._process is not None
        most = _most_memory(document._process.pid)
    assert read == pages, f"{read} of {pages} pages were read"
    return figures.Promise(
        f"a PDF of {pages} pages: memory of the reading process, to 512 MB",
        most / 512,
        f"{most:.0f} MB",
        "512 MB",
        1,
        False,
    )


def _most_memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
