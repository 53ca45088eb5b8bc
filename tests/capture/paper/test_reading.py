"""Files are read page by page in a process apart: what is in them, or why not, whatever they are."""

import os
import signal
from io import BytesIO

import pytest
from PIL import Image

from consent.capture.paper import reading
from consent.paper.result import Mark, Presence, Reason
from tests import papers


def test_each_page_of_a_scan_becomes_a_reading() -> None:
    with reading.opened(papers.sheets(2)) as document:
        assert document.pages == 2
        found = [document.read(page) for page in range(2)]

    assert [len(page) for page in found] == [1, 1]
    first, second = (page[0] for page in found)
    assert first.reason is None
    assert first.sheet is not None
    assert second.sheet is not None
    assert first.sheet.serial != second.sheet.serial
    assert (first.sheet.point, first.sheet.version, first.sheet.language) == (7, 3, "pt-BR")
    assert [(box.purpose, box.channel, box.is_yes) for box in first.boxes[:3]] == [
        (1, "whatsapp", True),
        (1, "whatsapp", False),
        (1, "sms", True),
    ]
    # Nothing is ticked on it: perhaps the scanner swallowed a pale pen, so that a person looks.
    assert {box.mark for box in first.boxes} == {Mark.UNSURE}
    assert first.signature == Presence.ABSENT
    assert {"number", "name", "date", "signature", "row-0", "row-3"} <= set(first.crops)
    assert Image.open(BytesIO(first.picture)).size == (1470, 2079)


def test_a_code_that_we_did_not_write_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = papers.sheets()
    monkeypatch.setattr("consent.capture.paper.sealing._seal", lambda body: bytes(32))

    (found,) = reading.read(pdf)

    assert found.reason == Reason.FORGED_CODE
    assert found.sheet is None
    assert found.boxes == ()
    assert found.picture


def test_a_process_that_ends_costs_one_page() -> None:
    with reading.opened(papers.sheets(2)) as document:
        assert document._process is not None
        os.kill(document._process.pid, signal.SIGKILL)
        document._process.wait()

        assert document.read(0)[0].reason == Reason.CRASHED
        assert document.read(1)[0].reason is None


@pytest.mark.parametrize(
    ("content", "reason", "status"),
    [
        (b"", Reason.EMPTY, 422),
        (b"\xff\xd8\xff" + bytes(25 * 1024 * 1024 - 2), Reason.TOO_LARGE, 413),
        (b"<!DOCTYPE html>", Reason.WRONG_TYPE, 415),
        (b"%PDF-1.7\n", Reason.CORRUPT, 422),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, reason: Reason, status: int) -> None:
    with pytest.raises(reading.FileRefused) as refused, reading.opened(content):
        pass

    assert (refused.value.reason, refused.value.status) == (reason, status)
    assert refused.value.message


def test_every_reason_is_explained() -> None:
    assert set(reading.EXPLAINED) == set(Reason)
