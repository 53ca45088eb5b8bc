"""The code of a sheet: says what was printed, and only we can write it."""

import hashlib
import hmac

import pytest

from consent.paper import code
from consent.paper.code import CHANNELS, LANGUAGES, Row, Sheet
from consent.vocabulary import Channel, Language


def seal(body: bytes) -> bytes:
    return hmac.digest(b"a key of the test", body, hashlib.sha256)


def sheet(**other: object) -> Sheet:
    values = {
        "serial": "0A1Z9KQ7XH",
        "point": 7,
        "version": 300,
        "language": "pt-BR",
        "paper": "letter",
        "rows": (Row(1, "sms"), Row(70_000, "voice"), Row(70_000, "whatsapp")),
    }
    return Sheet(**(values | other))  # type: ignore[arg-type]


def test_a_code_says_what_was_written() -> None:
    for one in (sheet(), sheet(rows=()), sheet(serial="ZZZZZZZZZZ", point=2**40, language="en", paper="a4")):
        text = code.write(one, seal)

        assert code.read(text) == one
        assert code.is_sealed(text, seal)


def test_it_is_written_in_the_letters_that_a_qr_code_packs_tightly() -> None:
    text = code.write(sheet(rows=tuple(Row(500 + i, "sms") for i in range(16))), seal)

    assert text.removeprefix("OPT1.").isalnum()
    assert text == text.upper()
    assert len(text) <= 110


def test_no_changed_letter_keeps_the_seal() -> None:
    text = code.write(sheet(), seal)
    for place in range(len(code.PREFIX), len(text) - 1):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]

        assert not code.is_sealed(changed, seal)


def test_another_key_makes_another_seal() -> None:
    assert not code.is_sealed(code.write(sheet(), lambda body: bytes(8)), seal)


@pytest.mark.parametrize(
    "text", ["", "OPT1.", "OPT1.A", "OPT1.8", "https://a.example/c/x/", "OPT2." + "A" * 20, "OPT1." + "A" * 400,
             "OPT1." + "A" * 40, "OPT1." + "7" * 60, "OPT1.é"]
)  # fmt: skip
def test_other_texts_are_not_ours(text: str) -> None:
    assert not code.is_sealed(text, seal)
    try:
        read = code.read(text)
    except code.NotOurs:
        return
    assert read.language in LANGUAGES  # bytes that happen to say something; the seal decides


def test_serials_are_ten_letters_that_nobody_guesses() -> None:
    serials = {code.new_serial() for _ in range(100)}

    assert len(serials) == 100
    assert all(len(serial) == 10 and set(serial) <= set(code.LETTERS) for serial in serials)


def test_it_knows_every_language_and_channel_of_the_product() -> None:
    assert set(LANGUAGES) == set(Language.values)
    assert set(CHANNELS) == set(Channel.values)
