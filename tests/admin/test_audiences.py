"""Staff hand in a list and get it back taken apart; nobody else's purposes are offered."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from consent import preflight
from consent.admin import audiences
from consent.decision import WORDS, Reason
from consent.quality import counting
from tests import cast
from tests.staff import Firm
from tests.test_preflight import taken_apart

OVER_LIMIT = "A pessoa aceitou, mas no limite de 24 horas da plataforma não há lugar."


def hand_in(
    client: Client, firm: Firm, content: bytes, purpose: int | None = None, sending_at: str = ""
) -> object:
    said = {
        "sending_at": sending_at,
        "purpose": purpose or firm.aurora.purposes["novidades"].pk,
        "channel": "sms",
        "file": SimpleUploadedFile("list.csv", content, content_type="text/csv"),
    }
    return client.post(reverse("admin:consent_audience"), said)


def test_a_list_comes_back_as_a_zip(bruno: Client, cafe: Firm) -> None:
    page = bruno.get(reverse("admin:consent_audience"))
    answer = hand_in(bruno, cafe, b"name,phone\nX,+5511900000001\n")

    assert page.status_code == 200
    files, summary = taken_apart(answer.content)  # type: ignore[attr-defined]
    assert files["denied"][1:] == [
        ["X", "+5511900000001", "no_record", "They never said anything about this."]
    ]
    assert summary["rows"] == 1


def test_every_reason_stands_there_in_the_readers_language(
    bruno: Client, cafe: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    bruno.cookies["django_language"] = "pt-br"
    cast.says(cafe.aurora, cast.stranger(1))
    monkeypatch.setattr(counting, "room", lambda *_args, **_more: 0)
    rows = f"nome,fone\nA,{cast.stranger(1).value}\nB,+5511900000001\nC,+5511900000001\nD,x\n"
    files, _summary = taken_apart(hand_in(bruno, cafe, rows.encode()).content)  # type: ignore[attr-defined]
    assert files["denied"] == [
        ["nome", "fone", "reason", "por quê"],
        ["A", cast.stranger(1).value, "over_limit", OVER_LIMIT],
        ["B", "+5511900000001", "no_record", "A pessoa nunca disse nada sobre isto."],
    ]
    assert [row[-1] for row in files["unread"][1:]] == [
        "Este número já estava mais acima.",
        "Isto não é um contato.",
    ]
    with translation.override("pt-br"):
        assert all(audiences._words(reason) != WORDS[reason] for reason in Reason)


def test_a_file_that_holds_no_numbers_is_explained(bruno: Client, cafe: Firm, monkeypatch: object) -> None:
    for content, words in (
        (b"a,b\n1,2\n", "No column of the file holds phone numbers."),
        ("a\nã".encode("latin-1"), "Save the file in UTF-8"),
    ):
        answer = hand_in(bruno, cafe, content)
        assert words in answer.content.decode()  # type: ignore[attr-defined]
    monkeypatch.setattr(preflight, "LARGEST", 3)  # type: ignore[attr-defined]
    assert "larger than" in hand_in(bruno, cafe, b"a,b\n1,2\n").content.decode()  # type: ignore[attr-defined]


def test_a_purpose_of_another_company_is_not_offered(bruno: Client, cafe: Firm, bakery: Firm) -> None:
    theirs = bakery.aurora.purposes["novidades"].pk
    answer = hand_in(bruno, cafe, b"tel\n+5511900000001\n", purpose=theirs)
    assert answer.headers["Content-Type"].startswith("text/html")  # type: ignore[attr-defined]


def test_staff_choose_the_moment_of_sending_by_the_companys_clock(bruno: Client, cafe: Firm) -> None:
    content, zone = b"name,phone\nX,+5511900000001\n", ZoneInfo("America/Sao_Paulo")
    noon = (timezone.now().astimezone(zone) + timedelta(days=2)).replace(
        hour=12, minute=30, second=0, microsecond=0
    )

    answer = hand_in(bruno, cafe, content, sending_at=f"{noon:%Y-%m-%dT%H:%M}")

    _files, summary = taken_apart(answer.content)  # type: ignore[attr-defined]
    assert summary["sending_at"] == noon.isoformat()
    for days in (-4, 40):
        page = hand_in(bruno, cafe, content, sending_at=f"{noon + timedelta(days=days):%Y-%m-%dT%H:%M}")
        assert "Choose a moment from now to 31 days ahead." in page.content.decode()  # type: ignore[attr-defined]
