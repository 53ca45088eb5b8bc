"""One-click stop links: a look changes nothing, a post stops, and neither ever wears out."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent import erasure, receipts
from consent.models import ConsentRecord
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast
from tests.capture.conftest import text
from tests.preferences.conftest import path


def link(said: Recorded) -> str:
    return path(receipts.stop_address(said.subject))


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_changes_nothing(
    aurora: Sample, client: Client, said: Recorded, method: str
) -> None:
    for _ in range(3):
        assert getattr(client, method)(link(said)).status_code == 200

    assert cast.may(aurora).allow


def test_a_mail_program_stops_everything_with_one_post(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    answer = client.post(link(said), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert cast.may(aurora).reason == cast.may(aurora, channel="whatsapp").reason == "withdrawn"
    assert "/r/" in answer.content.decode()


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"a=1&a=2"])
def test_whatever_the_body_says_a_post_stops(
    aurora: Sample, client: Client, said: Recorded, body: bytes
) -> None:
    answer = client.post(link(said), body, content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, cast.may(aurora).allow) == (200, False)


def test_used_twice_it_gives_the_same_receipt(client: Client, said: Recorded) -> None:
    first, again = (client.post(link(said)) for _ in range(2))

    assert text(first) == text(again)
    assert ConsentRecord.objects.filter(state="withdrawn", purpose=None).count() == 3


def test_it_stops_again_what_was_agreed_to_since(aurora: Sample, client: Client, said: Recorded) -> None:
    client.post(link(said))
    cast.says(aurora)
    assert cast.may(aurora).allow
    client.post(link(said))

    assert cast.may(aurora).reason == "withdrawn"


def test_a_link_for_one_thing_leaves_the_rest(aurora: Sample, client: Client, said: Recorded) -> None:
    one = f"{link(said)}novidades/sms/"
    assert "News and offers by SMS" in text(client.get(f"{one}?lang=en"))
    assert client.post(one).status_code == 200

    assert (cast.may(aurora).reason, cast.may(aurora, channel="whatsapp").allow) == ("withdrawn", True)


@pytest.mark.parametrize("end", ["nothing/sms/", "novidades/pigeon/"])
def test_what_the_company_does_not_send_cannot_be_stopped(client: Client, said: Recorded, end: str) -> None:
    assert client.get(f"{link(said)}{end}").status_code == 404
    assert client.post(f"{link(said)}{end}").status_code == 404


def test_after_erasure_the_answer_is_the_same_body(aurora: Sample, client: Client, said: Recorded) -> None:
    erasure.erase(said.subject, company=aurora.company, entity="subject")

    answers = [client.post(link(said)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert text(answers[0]) == text(answers[1])
    assert client.get(link(said)).status_code == 200


def test_it_works_after_years(aurora: Sample, client: Client, said: Recorded) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        assert client.post(link(said)).status_code == 200
        assert cast.may(aurora).reason == "withdrawn"


def test_one_bit_off_and_a_person_nobody_knows_are_not_found(client: Client, said: Recorded) -> None:
    token = link(said).strip("/").rpartition("/")[2]
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    unknown: Any = path(receipts.stop_address(uuid4()))
    for address in (f"/stop/{changed}/", unknown):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
