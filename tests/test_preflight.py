"""An audience taken apart: every row in exactly one file, with its reason, and counts that add up."""

import csv
import io
import json
import os
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import catalogue, preflight
from consent.api import keys
from consent.contact import Contact
from consent.errors import BadInput
from consent.sample import Sample
from tests.cast import ANA, BRUNO, CLARA, says, stops

YEARS = timedelta(days=731)


def taken_apart(content: bytes) -> tuple[dict[str, list[list[str]]], dict[str, Any]]:
    """The rows of each file, and the summary."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {
            name: list(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))
            for name in ("allowed", "denied", "unread")
        }
        return files, json.loads(archive.read("summary.json"))


def run(aurora: Sample, text: str) -> tuple[dict[str, list[list[str]]], dict[str, Any]]:
    into = io.BytesIO()
    preflight.run(
        io.StringIO(text, newline=""), into, company=aurora.company, channel="sms", purpose="novidades",
        at=timezone.now(),
    )  # fmt: skip
    return taken_apart(into.getvalue())


def test_every_row_stands_in_exactly_one_file_and_the_counts_add_up(aurora: Sample) -> None:
    """OPTIN_EXHAUSTIVE makes it a hundred thousand rows."""
    says(aurora)
    says(aurora, BRUNO)
    stops(aurora, BRUNO)
    with time_machine.travel(timezone.now() - YEARS):
        says(aurora, CLARA)
    unknown = [f"+55119{70_000_000 + n}" for n in range(99_990 if os.environ.get("OPTIN_EXHAUSTIVE") else 90)]
    rows = [
        ["Ana", "(11) 98765-4321"], ["Ana again", ANA.value], ["Bruno", BRUNO.value], ["Clara", CLARA.value],
        ["nobody", "12"], ["scientific", "5,51E+12"], ["=cmd()", "n/a"], ["", ""],
        *([f"U{n}", number] for n, number in enumerate(unknown)),
    ]  # fmt: skip
    text = "\ufeffNome;Celular\r\n" + "\r\n".join(";".join(row) for row in rows)

    files, summary = run(aurora, text)

    assert files["allowed"] == [["Nome", "Celular"], ["Ana", "(11) 98765-4321"]]
    assert {row[2] for row in files["denied"][1:]} == {"withdrawn", "expired", "no_record"}
    assert [row[0] for row in files["unread"][1:]] == ["Ana again", "nobody", "scientific", "'=cmd()"]
    assert summary["reasons"] == {
        "no_record": len(unknown), "malformed": 3, "given": 1, "duplicate": 1, "withdrawn": 1, "expired": 1,
    }  # fmt: skip
    told = sum(len(rows) - 1 for rows in files.values())
    assert told == summary["rows"] == sum(summary["reasons"].values()) == len(rows) - 1
    assert summary["column"] == "Celular"


def test_no_heading_and_no_cell_is_a_formula(aurora: Sample) -> None:
    files, _summary = run(aurora, '=cmd();"a|=b";phone\r\n＝1;x,=1;+55 11 98765-4321\r\n')
    assert files["unread"][0] == ["'=cmd()", "a|'=b", "phone", "reason"]
    assert files["denied"][1] == ["'＝1", "x,=1", "+55 11 98765-4321", "no_record"]


@pytest.mark.parametrize(
    "text",
    [
        "11987654321\n11912345678\n",
        "id,fone\n1,11987654321\n",
        "customer\tmobile\tcity\nAna\t+55 11 98765-4321\tRio\n",
    ],
)
def test_the_column_with_the_numbers_is_found(aurora: Sample, text: str) -> None:
    says(aurora, Contact.tel("+5511987654321"))

    files, _summary = run(aurora, text)

    assert len(files["allowed"]) == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file.empty"),
        ("\n\n", "file.empty"),
        ("name,city\nAna,Rio\n", "file.no_numbers"),
        ("number\n" + "1" * 300_000, "file.malformed"),
    ],
)
def test_what_is_no_list_of_numbers_says_so(aurora: Sample, text: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        run(aurora, text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "heading",
    [
        'Celular;"Nome, sobrenome, título, apelido"',
        '"Celular\n(com DDD)";Nome',
        '"O ""número""\n, e só ele,\n";Nome',
        'Celular de 5" ou mais;Nome',
    ],
)
def test_what_separates_the_columns_is_not_looked_for_within_a_cell(aurora: Sample, heading: str) -> None:
    says(aurora)

    files, summary = run(aurora, f"{heading}\n{ANA.value};Ana\n+5511970000000;Bia\n")

    assert summary["rows"] == 2
    assert files["allowed"][1] == [ANA.value, "Ana"]


def test_a_reason_stands_below_its_heading_in_rows_of_any_length(aurora: Sample) -> None:
    files, _summary = run(aurora, "Celular,Nome\n+5511970000000\n+5511970000001,Bia,1,2\nnobody\n")

    assert files["denied"] == [
        ["Celular", "Nome", "reason"],
        ["+5511970000000", "", "no_record"],
        ["+5511970000001", "Bia", "no_record", "1", "2"],
    ]
    assert files["unread"][1] == ["nobody", "", "malformed"]


def test_a_campaign_of_just_now_leaves_no_company_that_stopped_sending(
    client: Client, aurora: Sample
) -> None:
    keys.forget()
    says(aurora)
    aurora.company.is_paused = True
    aurora.company.save()
    catalogue.forget()
    key = keys.issue(aurora.company, name="CRM")
    at = (timezone.now() - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")

    answer = client.post(
        f"/api/v1/preflight?channel=sms&purpose=novidades&at={at}", f"tel\n{ANA.value}\n".encode(),
        content_type="text/csv", headers={"Authorization": f"Bearer {key}"},
    )  # fmt: skip

    assert taken_apart(answer.content)[1]["reasons"] == {"paused": 1}


def test_too_many_rows_are_refused(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MOST_ROWS", 2)
    with pytest.raises(BadInput) as refused:
        run(aurora, "tel\n11987654321\n11987654322\n11987654323\n")
    assert refused.value.code == "file.too_many_rows"


def test_a_program_hands_in_an_audience(aurora: Sample, client: Client) -> None:
    keys.forget()
    says(aurora)
    headers = {"Authorization": f"Bearer {keys.issue(aurora.company, name='Sender')}"}
    address = "/api/v1/preflight?channel=sms&purpose=novidades"

    answer = client.post(address, b"tel\n+5511987654321\n", content_type="text/csv", headers=headers)
    files, _summary = taken_apart(answer.content)
    latin = client.post(address, "tel\nã\n".encode("latin-1"), content_type="text/csv", headers=headers)
    other = client.post(address, b"{}", content_type="application/json", headers=headers)

    large = client.post(
        address, b"tel", content_type="text/csv", headers=headers | {"Content-Length": "20971521"}
    )

    strange = client.post(
        address, b"tel", content_type="text/csv", headers=headers | {"Content-Length": "three"}
    )

    for purpose in ("novidades%00", "%F0%9F%90%8D", "", "a" * 41, "novidades%0A"):
        unkeepable = client.post(
            f"/api/v1/preflight?channel=sms&purpose={purpose}", b"tel\n+5511987654321\n", content_type="text/csv",
            headers=headers,
        )  # fmt: skip
        assert unkeepable.status_code == 422, purpose

    assert (large.status_code, strange.status_code) == (413, 411)
    assert files["allowed"] == [["tel"], ["+5511987654321"]]
    assert (latin.status_code, latin.json()["code"]) == (422, "file.encoding")
    assert (other.status_code, other.json()["code"]) == (415, "body.media_type")


def test_a_moment_of_sending_is_judged_in_place_of_now(client: Client, aurora: Sample) -> None:
    """It is night now; at noon it is not, and in 20 days nobody may be written to: the company stopped."""
    says(aurora)
    headers = {"Authorization": f"Bearer {keys.issue(aurora.company, name='CRM')}"}
    aurora.company.quiet_from, aurora.company.quiet_until = "21:00", "08:00"
    aurora.company.save()
    night = (timezone.now() + timedelta(days=2)).replace(hour=2, minute=0, second=0, microsecond=0)
    with time_machine.travel(night, tick=False):  # 23:00 in São Paulo
        says(aurora)

        def asked(more: str) -> Any:
            query = "channel=sms&purpose=novidades" + more
            body = b"phone\n+5511987654321\n"
            return client.post(f"/api/v1/preflight?{query}", body, content_type="text/csv", headers=headers)

        def at(**later: int) -> str:
            return f"&at={night + timedelta(**later):%Y-%m-%dT%H:%M:%SZ}"

        for query, reason, moment in (
            ("", "quiet_hours", night),
            (at(hours=13), "given", night + timedelta(hours=13)),
            (at(days=1), "quiet_hours", night + timedelta(days=1)),
        ):
            _files, summary = taken_apart(asked(query).content)
            assert (list(summary["reasons"]), summary["sending_at"]) == ([reason], moment.isoformat())
        for query, code in (
            (at(hours=-11), "time.past"),
            (at(days=364), "time.too_far"),
            ("&at=noon", "time.format"),
        ):
            assert (asked(query).status_code, asked(query).json()["code"]) == (422, code)
        aurora.company.is_paused = True
        aurora.company.save()
        _files, summary = taken_apart(asked(at(hours=13)).content)
        assert list(summary["reasons"]) == ["paused"]
