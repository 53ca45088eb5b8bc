"""A tablet at the counter: opened by staff, sealed for us alone, true about when, and each answer once."""

import base64
import io
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from PIL import Image

from consent import opening
from consent.capture.kiosk import sealing
from consent.models import Act, ConsentRecord, EvidenceFile, Kiosk, NoticeVersion, OutboundMessage
from consent.sample import Sample
from consent.vocabulary import Confirmation
from tests import cast
from tests.capture.conftest import publish_next
from tests.kiosk import Tablet

NOW = cast.at("2026-03-05 12:00")
MINUTE, DAY = 60_000, 86_400_000  # milliseconds


@pytest.fixture
def tablet(aurora: Sample) -> Tablet:
    return Tablet.of(aurora).open()


def png(size: tuple[int, int] = (40, 12)) -> str:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, format="PNG")
    return base64.b64encode(out.getvalue()).decode()


def test_only_a_key_opens_a_tablet_and_the_browser_hides_it(aurora: Sample) -> None:
    tablet = Tablet.of(aurora)
    assert tablet.client.get(tablet.path).status_code == 403
    assert tablet.client.get(f"{tablet.path}open/").status_code == 200
    assert tablet.client.post(f"{tablet.path}open/", {"key": "x" * 43}).status_code == 403
    assert tablet.client.post(f"{tablet.path}open/", {"key": ""}).status_code == 403

    answer = tablet.client.post(f"{tablet.path}open/", {"key": tablet.key})

    assert (answer.status_code, answer["Location"]) == (303, tablet.path)
    cookie = answer.cookies["kiosk"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", tablet.path)
    page = tablet.client.get(tablet.path)
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert tablet.key not in page.content.decode()
    assert Kiosk.objects.get().used_at is not None


def test_no_link_leads_out_of_a_kiosk(tablet: Tablet) -> None:
    links = re.findall(r'<a [^>]*href="([^"]*)"', tablet.html)

    assert {link for link in links if not link.startswith(("?lang=", "#"))} == set()


def test_a_revoked_tablet_takes_nothing_and_one_opened_anew_sends_what_waited(
    aurora: Sample, tablet: Tablet
) -> None:
    waiting = tablet.sealed()
    Kiosk.objects.update(revoked_at=timezone.now())
    assert tablet.send(waiting).status_code == 403
    assert tablet.client.get(tablet.path).status_code == 403
    assert tablet.client.post(f"{tablet.path}number/", {"phone": "1"}).status_code == 403
    assert not ConsentRecord.objects.exists()

    again = Tablet.of(aurora, tablet.client)
    again.client.post(f"{again.path}open/", {"key": again.key})

    assert again.send(waiting).status_code == 200


def test_the_key_of_another_point_opens_nothing(aurora: Sample) -> None:
    tablet = Tablet.of(aurora)
    other = "/c/aurora/ligue-me/kiosk/"
    assert tablet.client.post(f"{other}open/", {"key": tablet.key}).status_code == 403
    assert tablet.client.get("/c/aurora/nowhere/kiosk/").status_code == 404
    assert tablet.client.get("/c/aurora/nowhere/kiosk/open/").status_code == 404


def test_an_answer_is_recorded_once_with_its_evidence_and_the_number_is_asked(tablet: Tablet) -> None:
    sealed = tablet.sealed(signature=png())
    assert tablet.send(sealed).json() == {"state": "recorded"}
    assert tablet.send(sealed | {"sent_at": sealed["sent_at"] + DAY}).json() == {"state": "recorded"}

    record = ConsentRecord.objects.get()
    assert (record.method, record.state, record.clock, record.language) == ("kiosk", "requested", "", "pt-BR")
    evidence = opening.evidence_of(record.act_id)
    assert evidence["kiosk"].endswith("counter 2")
    assert evidence["signed"] is True
    assert opening.file_content(EvidenceFile.objects.get()).startswith(b"\x89PNG")
    message = opening.message_content(OutboundMessage.objects.get())["text"]
    assert "SIM" in message
    assert "código" not in message.lower()


@pytest.mark.parametrize("way", [Confirmation.CODE, Confirmation.LINK, Confirmation.CALL, Confirmation.NONE])
def test_the_policy_of_the_point_says_how_a_number_is_proved(aurora: Sample, way: Confirmation) -> None:
    aurora.point.confirmation = way
    aurora.point.save()
    tablet = Tablet.of(aurora).open()

    tablet.send(tablet.sealed())

    record = ConsentRecord.objects.get()
    assert record.state == ("given" if way == Confirmation.NONE else "requested")
    asked = [opening.message_content(message)["text"] for message in OutboundMessage.objects.all()]
    assert len(asked) == (way != Confirmation.NONE)
    if way in (Confirmation.CODE, Confirmation.LINK):
        assert "/y/aurora/" in asked[0]


def test_an_answer_that_waited_has_the_moment_it_was_given_whatever_the_tablets_clock_says(
    aurora: Sample,
) -> None:
    with time_machine.travel(NOW - timedelta(days=3), tick=False):
        tablet = Tablet.of(aurora).open()
    with time_machine.travel(NOW, tick=False):
        tablet.send(tablet.sealed(waited=2 * DAY))

    record = ConsentRecord.objects.get()
    assert record.event_time == NOW - timedelta(days=2)
    assert record.clock == "kiosk"


@pytest.mark.parametrize("waited", [-MINUTE, 5 * DAY, 900 * DAY])
def test_a_clock_that_was_changed_meanwhile_makes_the_earliest_moment_that_can_be(
    aurora: Sample, waited: int
) -> None:
    with time_machine.travel(NOW - timedelta(days=3), tick=False):
        tablet = Tablet.of(aurora).open()
    with time_machine.travel(NOW, tick=False):
        assert tablet.send(tablet.sealed(waited=waited)).status_code == 200

    record = ConsentRecord.objects.get()
    assert record.event_time == NOW - timedelta(days=3)
    assert record.clock == "kiosk?"


def test_a_yes_that_waited_does_not_undo_the_stop_that_came_meanwhile(aurora: Sample) -> None:
    aurora.point.confirmation = Confirmation.NONE
    aurora.point.save()
    with time_machine.travel(NOW - timedelta(days=3), tick=False):
        tablet = Tablet.of(aurora).open()
    with time_machine.travel(NOW - timedelta(days=1), tick=False):
        cast.stops(aurora)
    with time_machine.travel(NOW, tick=False):
        tablet.send(tablet.sealed(waited=2 * DAY))
        assert not cast.may(aurora).allow


def test_what_is_too_old_or_says_other_words_is_refused_with_its_reason(aurora: Sample) -> None:
    with time_machine.travel(NOW - timedelta(days=20), tick=False):
        tablet = Tablet.of(aurora).open()
    with time_machine.travel(NOW, tick=False):
        assert tablet.send(tablet.sealed()).json()["code"] == "kiosk.too_old"
        tablet.open()
        assert tablet.send(tablet.sealed(token=tablet.said("token")[:-1])).status_code == 400
        assert tablet.send(tablet.sealed(boxes=[])).json()["code"] == "consent.not_given"
        assert tablet.send(tablet.sealed(boxes=["nothing.sms"])).json()["code"] == "purpose.unknown"
        assert tablet.send(tablet.sealed(phone="+49 30 901820")).json()["code"] == "phone.country_not_enabled"
        assert tablet.send(tablet.sealed(signature=png((2000, 1001)))).json()["code"] == "signature.invalid"
        assert tablet.send(tablet.sealed(signature="AAAA")).json()["code"] == "signature.invalid"
        aurora.company.name = "Another name"
        aurora.company.save()
        assert tablet.send(tablet.sealed()).json()["code"] == "notice.superseded"
    assert not Act.objects.exists()


def test_a_version_published_since_does_not_matter(aurora: Sample, tablet: Tablet) -> None:
    publish_next(aurora)

    assert tablet.send(tablet.sealed()).status_code == 200
    assert ConsentRecord.objects.get().notice == aurora.version
    assert NoticeVersion.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "1"}, {"id": 7}, {"key": 200}, {"key": "1"}, {"public": "AAAA"}, {"public": "é"}, {"iv": "AAAA"},
        {"sealed": "AAAA"}, {"sent_at": -1}, {"sent_at": 1.5}, {"sent_at": 10**15}, {"more": 1}, {"sealed": None},
        {"id": "00000000-0000-0000-0000-000000000000"},
    ],
)  # fmt: skip
def test_what_was_not_sealed_for_us_is_refused(tablet: Tablet, wrong: dict[str, Any]) -> None:
    answer = tablet.send(tablet.sealed() | wrong)

    assert (answer.status_code, answer.json()["code"]) == (400, "kiosk.unreadable")


@pytest.mark.parametrize("inside", [{"said_at": "now"}, {"boxes": "all"}, {"more": 1}, {"phone": None}])
def test_an_answer_of_another_shape_is_refused(tablet: Tablet, inside: dict[str, Any]) -> None:
    assert tablet.send(tablet.sealed(**inside)).json()["code"] == "kiosk.unreadable"


def test_what_is_no_json_or_too_much_is_refused(tablet: Tablet) -> None:
    def post(body: bytes) -> int:
        return tablet.client.post(f"{tablet.path}answers/", body, content_type="application/json").status_code

    assert post(b"{") == 400
    assert post(b"\xff") == 400
    assert post(b" " * 300_000) == 413


def test_a_key_that_left_the_ring_opens_nothing_any_more() -> None:
    with pytest.raises(sealing.NotSealed):
        sealing.opened(254, public=b"", iv=bytes(12), sealed=b"", name=b"")


def test_a_number_is_judged_while_the_person_is_there_in_their_language(tablet: Tablet) -> None:
    def judged(phone: str) -> Any:
        return tablet.client.post(f"{tablet.path}number/?lang=pt-BR", {"phone": phone}).json()

    assert judged("(11) 98765-4321") == {"is_good": True, "message": ""}
    assert "celulares" in judged("(11) 8765-432")["message"] or not judged("(11) 8765-432")["is_good"]


def test_a_closed_point_shows_no_form_and_the_worker_is_a_script(aurora: Sample, tablet: Tablet) -> None:
    worker = tablet.client.get(f"{tablet.path}worker.js")
    assert worker["Content-Type"].startswith("text/javascript")
    aurora.point.is_open = False
    aurora.point.save()
    assert tablet.client.get(tablet.path).status_code == 410


def test_what_somebody_sends_who_opened_nothing_is_not_even_read(aurora: Sample, tablet: Tablet) -> None:
    assert Client().post(f"{tablet.path}answers/", b"{", content_type="application/json").status_code == 403
