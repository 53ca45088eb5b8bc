"""Programs bring lists in and take records out, each with a key that was made for it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent.api import keys
from consent.api.lists import XLSX
from consent.imports import keeping, reading, turns
from consent.log import tree
from consent.models import Import, Purpose
from consent.sample import Sample
from tests import cast
from tests.fulldisk import full
from tests.imports import lists

ROWS = b"Telefone,Dia\n11987654321,2026-03-15\nx,2026-03-15\n"
MEANS = {
    "columns": {"contact": "Telefone", "date": "Dia"},
    "purpose": "novidades",
    "channel": "sms",
    "source": "CRM",
}


@pytest.fixture
def program(aurora: Sample) -> Client:
    Purpose.objects.update(validity_days=0)
    keys.forget()
    return Client(headers={"Authorization": f"Bearer {keys.issue(aurora.company, name='CRM')}"})


def send(program: Client, path: str, body: Any = b"", *, media_type: str = "application/json") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return program.post(f"/api/v1/{path}", content, content_type=media_type)


def test_a_list_goes_in_by_api(program: Client, aurora: Sample) -> None:
    made = send(program, "imports?kind=claims", ROWS, media_type="text/csv")
    assert (made.status_code, made.json()["columns"]) == (201, {"contact": "Telefone", "date": "Dia"})
    number = made.json()["id"]
    assert send(program, "imports", ROWS, media_type="text/csv").json()["code"] == "file.same"

    send(program, f"imports/{number}/columns", MEANS)
    lists.work(Import.objects.get())
    tried = program.get(f"/api/v1/imports/{number}").json()
    assert (tried["state"], tried["counts"], tried["to_record"]) == (
        "checked", {"given": 1, "phone.bad_character": 1}, 1,
    )  # fmt: skip
    assert send(program, f"imports/{number}/commit").json()["state"] == "committing"
    lists.work(Import.objects.get())

    assert cast.may(aurora).allow
    told = b"".join(program.get(f"/api/v1/imports/{number}/verdicts").streaming_content)  # type: ignore[attr-defined]
    assert [json.loads(line) for line in told.splitlines()] == [
        {"row": 2, "verdict": "given"}, {"row": 3, "verdict": "phone.bad_character"},
    ]  # fmt: skip
    assert send(program, f"imports/{number}/undo").json()["code"] == "import.recorded"


@pytest.mark.django_db(transaction=True)
def test_a_database_without_room_is_said_and_keeps_nothing_of_a_list(program: Client) -> None:
    long = b"Telefone,Dia\n" + b"11987654321,2026-03-15\n" * 40_000
    with full("consent_importpart"):
        answer = send(program, "imports", long, media_type="text/csv")

    assert no_room(answer)
    assert not Import.objects.exists()
    assert send(program, "imports", long, media_type="text/csv").status_code == 201


@pytest.mark.parametrize("size", [100, 100_000])
def test_a_disk_without_room_for_what_comes_in_is_said(
    program: Client, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: Path("/dev/full").open("r+b"))  # noqa: SIM115

    assert no_room(send(program, "imports", ROWS * (size // len(ROWS) + 1), media_type="text/csv"))
    assert not Import.objects.exists()


def test_where_another_spreadsheet_is_being_read_a_program_is_told_to_come_again(
    program: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.0)
    book = lists.spreadsheet(["Telefone", "Dia"], ["11987654321", "2026-03-15"])
    with turns.turn():
        answer = send(program, "imports", book, media_type=XLSX)

    assert (answer.status_code, answer.json()["code"]) == (503, "file.busy")
    assert int(answer["Retry-After"]) > 0
    assert not Import.objects.exists()
    assert send(program, "imports", book, media_type=XLSX).status_code == 201


def no_room(answer: Any) -> bool:
    """Whether the answer says so as a program can read it (RFC 9457)."""
    assert (answer.status_code, answer["Content-Type"]) == (507, "application/problem+json")
    return bool(answer.json()["code"] == "storage.full")


def test_a_program_says_what_a_list_is_written_in(program: Client, aurora: Sample) -> None:
    old = "Telefone;Dia;Região\n11987654321;2026-03-15;São Paulo\n".encode("cp1252")
    for query in ("", "?encoding=utf-8", "?encoding=utf-16"):
        refused = send(program, f"imports{query}", old, media_type="text/csv")
        assert (refused.status_code, refused.json()["code"]) == (422, "file.encoding")
    assert send(program, "imports?encoding=latin-9", old, media_type="text/csv").status_code == 422
    assert not Import.objects.exists()
    made = send(program, "imports?encoding=windows-1252", old, media_type="text/csv").json()
    assert made["headings"] == ["Telefone", "Dia", "Região"]
    begun = send(program, f"imports/{made['id']}/columns", MEANS).json()
    assert begun["state"] == "checking", "it said so itself: nobody is asked"
    marked = send(program, "imports", old.decode("cp1252").encode("utf-16"), media_type="text/csv").json()
    assert marked["headings"] == made["headings"]


def test_a_program_can_confirm_what_was_proposed_to_staff(program: Client, aurora: Sample) -> None:
    old = "Telefone;Dia;Região\n11987654321;2026-03-15;São Paulo\n".encode("cp1252")
    batch = keeping.take_in(
        io.BytesIO(old), name="a.csv", size=len(old), company=aurora.company, kind="claims", entity="staff:1",
        may_propose=True,
    )  # fmt: skip
    asked = send(program, f"imports/{batch.pk}/columns", MEANS)
    assert (asked.status_code, asked.json()["code"]) == (422, "encoding.unconfirmed")
    said = send(program, f"imports/{batch.pk}/columns", MEANS | {"encoding": "windows-1252"})
    assert said.json()["state"] == "checking"


def test_what_is_wrong_has_a_code(program: Client, aurora: Sample, bakery_key: str) -> None:
    assert send(program, "imports", ROWS).json()["code"] == "body.media_type"
    assert send(program, "imports", b" ", media_type="text/csv").json()["code"] == "file.empty"
    latin = send(program, "imports", "a,b\nã,1\n".encode("latin-1"), media_type="text/csv").json()
    assert (latin["code"], "Line 2" in latin["detail"]) == ("file.encoding", True)
    number = send(program, "imports", ROWS, media_type="text/csv").json()["id"]
    unknown = MEANS | {"columns": {"contact": "Fone"}}
    assert send(program, f"imports/{number}/columns", unknown).json()["code"] == "column.unknown"
    missing = send(program, f"imports/{number}/columns", MEANS | {"columns": {}}).json()
    assert (missing["status"], "Telefone, Dia" in missing["detail"]) == (422, True)
    assert send(program, f"imports/{number}/commit").json()["code"] == "import.moved"
    keys.forget()
    other = Client(headers={"Authorization": f"Bearer {bakery_key}"})
    assert other.get(f"/api/v1/imports/{number}").status_code == 404
    assert send(program, f"imports/{number}/undo").json()["state"] == "undone"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"source": "a\0b"}, "field.bad_character", "#/source"),
        ({"evidence": "form\x1b"}, "field.bad_character", "#/evidence"),
        ({"columns": {"contact": "Fone"}}, "column.unknown", "#/columns/contact"),
        ({"columns": {"a/b": "Telefone"}}, "column.unknown", "#/columns/a~1b"),
    ],
)
def test_what_the_columns_mean_is_read_strictly_and_begins_nothing_else(
    program: Client, aurora: Sample, change: dict[str, Any], code: str, pointer: str
) -> None:
    number = send(program, "imports", ROWS, media_type="text/csv").json()["id"]

    problem = send(program, f"imports/{number}/columns", MEANS | change).json()

    assert (problem["status"], problem["code"], problem["pointer"]) == (422, code, pointer)
    assert program.get(f"/api/v1/imports/{number}").json()["state"] == "mapping"
    several = MEANS | {"evidence": "Form of 2024\n\tby post"}
    assert send(program, f"imports/{number}/columns", several).status_code == 200


@pytest.mark.parametrize("rows", [b"Telefone^Dia\n11987654321^2026-03-15\n", b"Nome,Cidade\nAna,Recife\n"])
def test_a_list_that_nothing_separates_or_that_lacks_a_column_is_refused_with_those_seen(
    program: Client, aurora: Sample, rows: bytes
) -> None:
    made = send(program, "imports", rows, media_type="text/csv").json()
    refused = send(program, f"imports/{made['id']}/columns", MEANS)
    assert (refused.status_code, refused.json()["code"]) == (422, "column.unknown")
    means = MEANS | {"columns": {name: seen for name, seen in made["columns"].items() if name == "contact"}}
    missing = send(program, f"imports/{made['id']}/columns", means)
    assert (missing.status_code, ", ".join(made["headings"]) in missing.json()["detail"]) == (422, True)


def test_more_rows_or_bytes_than_a_list_may_have_are_too_much(
    program: Client, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (reading.MOST_ROWS, reading.LARGEST) == (1_000_000, 300_000_000)
    for name, most in (("MOST_ROWS", 1), ("LARGEST", len(ROWS) - 1)):
        with monkeypatch.context() as patched:
            patched.setattr(reading, name, most)
            assert send(program, "imports", ROWS, media_type="text/csv").status_code == 413
    assert not Import.objects.exists()


@pytest.fixture
def bakery_key(aurora: Sample) -> str:
    from tests.staff import other_sample

    return keys.issue(other_sample().company, name="Other")


def test_records_go_out_by_api_with_numbers_where_asked(program: Client, aurora: Sample) -> None:
    cast.says(aurora, event_time=timezone.now())
    tree.sequence()

    def rows(query: str) -> list[dict[str, str]]:
        answer = program.get(f"/api/v1/export{query}")
        assert "optin-aurora-log-" in answer.headers["Content-Disposition"]
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]

    assert [row["contact"] for row in rows("")] == [""]
    assert [row["contact"] for row in rows("?contacts=yes&channel=sms&purpose=novidades")] == [cast.ANA.value]
    assert rows("?state=withdrawn") == []
    assert program.get("/api/v1/export?purpose=nothing").json()["code"] == "purpose.unknown"
    assert program.get("/api/v1/export?purpose=%00").json()["code"] == "field.bad_character"


def test_a_key_that_was_not_made_for_lists_may_not(aurora: Sample) -> None:
    keys.forget()
    key = keys.issue(aurora.company, name="App", scopes=["decisions", "consents", "records"])
    program = Client(headers={"Authorization": f"Bearer {key}"})
    assert send(program, "imports", ROWS, media_type="text/csv").json()["code"] == "key.scope"
    assert program.get("/api/v1/export").json()["code"] == "key.scope"
