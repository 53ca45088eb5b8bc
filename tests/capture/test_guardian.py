"""A parent or legal guardian says yes for a child: who, proved, and no longer than until the child comes of age."""

import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from consent import (
    casefile,
    catalogue,
    dialogue,
    erasure,
    guardian,
    opening,
    publishing,
    receipts,
    recording,
    vault,
)
from consent.errors import BadInput
from consent.models import (
    Act,
    CapturePoint,
    ConsentRecord,
    Kiosk,
    LogPending,
    Notice,
    NoticeVersion,
    Offer,
    OutboundMessage,
    Purpose,
)
from consent.proof import account, pdf
from consent.sample import Sample
from consent.vocabulary import Confirmation, State
from tests import cast
from tests.capture.conftest import Visitor, codes, text

PATH = "/c/aurora/criancas/"
CHILD = {"relation": "mother", "born": "2015-06-14"}
LONG = 3650  # days, longer than any child here stays one


@pytest.fixture
def point(aurora: Sample) -> CapturePoint:
    """A capture point for children, with a notice and a purpose of its own."""
    notice = Notice.objects.create(company=aurora.company, slug="criancas")
    publishing.publish(NoticeVersion.objects.create(notice=notice, wordings=aurora.version.wordings))
    purpose = Purpose.objects.create(
        company=aurora.company, slug="oficina", category="utility", validity_days=LONG,
        name={"en": "Workshop days", "es": "Días de taller", "pt-BR": "Dias de oficina"},
    )  # fmt: skip
    made = CapturePoint(
        company=aurora.company, slug="criancas", notice=notice, sender=aurora.sender, asks_guardian=True,
        title={"en": "Children's workshop", "es": "Taller para niños", "pt-BR": "Oficina para crianças"},
    )  # fmt: skip
    made.full_clean()
    made.save()
    Offer.objects.create(point=made, purpose=purpose, channel="sms")
    catalogue.forget()
    return made


@pytest.fixture
def mother(point: CapturePoint, client: Client) -> Visitor:
    """Ana, who has opened the form for her child."""
    made = Visitor(client, path=PATH)
    made.open()
    return made


def sends(mother: Visitor, **fields: str) -> Any:
    return mother.send(mother.fields("oficina.sms", **(CHILD | fields)))


def confirms(aurora: Sample) -> str:
    OutboundMessage.objects.update(state="sent", sent_at=timezone.now())
    return cast.writes(aurora, "SIM")


def may(aurora: Sample) -> Any:
    return cast.may(aurora, purpose="oficina")


def given() -> ConsentRecord:
    return ConsentRecord.objects.get(state=State.GIVEN)


def test_the_form_says_who_may_answer_and_asks_two_things_more(mother: Visitor) -> None:
    shown = text(mother.page)

    assert "Você diz sim por uma criança" in shown
    assert "nossas mensagens vão para você, nunca para a criança" in shown
    assert "Seu próprio número de telefone, não o da criança" in shown
    assert re.search(r'<input type="date"[^>]*name="born"', mother.page.content.decode())
    assert re.findall(r'<option value="(\w+)"', mother.page.content.decode()) == [
        "mother", "father", "guardian", "other",
    ]  # fmt: skip


def test_other_forms_ask_nothing_of_children(visitor: Visitor) -> None:
    assert 'name="born"' not in visitor.page.content.decode()
    visitor.send(visitor.fields(**CHILD))
    assert guardian.EVIDENCE not in opening.evidence_of(Act.objects.get().pk)
    assert ConsentRecord.objects.get().valid_days == 730


def test_the_guardian_s_yes_counts_once_their_number_is_proved(aurora: Sample, mother: Visitor) -> None:
    assert sends(mother).status_code == 303
    assert may(aurora).reason == "requested"
    confirms(aurora)

    assert may(aurora).allow
    evidence = opening.evidence_of(given().act_id)
    assert evidence[guardian.EVIDENCE] == [{"relation": "mother", "child_of_age": "2033-06-14"}]


def test_the_birth_date_is_kept_nowhere_and_the_words_are(mother: Visitor) -> None:
    sends(mother)

    evidence = opening.evidence_of(Act.objects.get().pk)
    assert CHILD["born"] not in str(evidence)
    assert evidence["guardian_text"]["asked"] == "Você diz sim por uma criança"
    assert not any(b"2033" in bytes(entry.data) for entry in LogPending.objects.all())


def test_it_ends_within_the_week_before_the_child_comes_of_age(aurora: Sample, mother: Visitor) -> None:
    sends(mother)
    confirms(aurora)
    until = account.until(given())

    assert until is not None
    assert timedelta(0) <= datetime(2033, 6, 13, 10, tzinfo=UTC) - until < timedelta(days=7)
    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert may(aurora).allow
    with time_machine.travel(until, tick=False):
        assert (may(aurora).allow, may(aurora).reason) == (False, "expired")


def test_a_shorter_purpose_ends_first(aurora: Sample, mother: Visitor) -> None:
    Purpose.objects.filter(slug="oficina").update(validity_days=100)
    catalogue.forget()
    sends(mother)
    confirms(aurora)

    assert given().valid_days == 100


def test_one_for_ever_ends_all_the_same(aurora: Sample, mother: Visitor) -> None:
    Purpose.objects.filter(slug="oficina").update(validity_days=0)
    catalogue.forget()
    sends(mother)
    confirms(aurora)

    assert given().valid_days > 0


def test_an_answer_that_comes_later_does_not_make_it_last_longer(
    aurora: Sample, mother: Visitor, settings: Any
) -> None:
    settings.OPTIN_ASK_TTL_HOURS = 24 * 30
    today = timezone.now()
    born = date(today.year - 18, today.month, 1) + timedelta(days=70)
    with time_machine.travel(today, tick=False):
        sends(mother, born=born.isoformat())
        asked = account.until(ConsentRecord.objects.get())
    with time_machine.travel(today + timedelta(days=20), tick=False):
        confirms(aurora)

    of_age = datetime.combine(guardian.majority(born), datetime.min.time(), UTC)
    answered = account.until(given())
    assert asked is not None
    assert answered is not None
    assert asked < of_age
    assert today + timedelta(days=20) < answered < of_age


def test_who_came_of_age_before_the_answer_is_not_spoken_for(
    aurora: Sample, mother: Visitor, settings: Any
) -> None:
    settings.OPTIN_ASK_TTL_HOURS = 24 * 60
    today = timezone.now()
    born = (today + timedelta(days=20)).date()
    sends(mother, born=born.replace(year=born.year - 18).isoformat())
    with time_machine.travel(today + timedelta(days=21)):
        confirms(aurora)
        assert not ConsentRecord.objects.filter(state=State.GIVEN)
        assert dialogue.ask_again(Act.objects.get().pk, evidence={}) is None
        assert not may(aurora).allow


def test_a_guardian_stops_it_like_anybody(aurora: Sample, mother: Visitor) -> None:
    sends(mother)
    confirms(aurora)
    cast.writes(aurora, "SAIR")

    assert may(aurora).reason == "withdrawn"


def test_a_guardian_says_no(aurora: Sample, mother: Visitor) -> None:
    sends(mother)
    OutboundMessage.objects.update(state="sent", sent_at=timezone.now())
    cast.writes(aurora, "NÃO")

    assert ConsentRecord.objects.filter(state=State.REFUSED).exists()


def test_the_code_on_the_page_proves_it_too(aurora: Sample, mother: Visitor, client: Client) -> None:
    page = sends(mother)["Location"]
    client.post(page, {"code": vault.code(Act.objects.get().pk)})

    assert may(aurora).allow
    assert given().valid_days < LONG


def test_asking_once_more_keeps_guardian_and_end(aurora: Sample, mother: Visitor) -> None:
    sends(mother)
    first = ConsentRecord.objects.get()
    again = dialogue.ask_again(first.act_id, evidence={})

    assert again is not None
    assert opening.evidence_of(again.act)[guardian.EVIDENCE]
    assert {one.valid_days for one in ConsentRecord.objects.all()} == {first.valid_days}


def test_another_relation_or_child_is_another_answer(mother: Visitor) -> None:
    first = mother.fields("oficina.sms", **CHILD)
    for fields in (first, first, first | {"relation": "other"}, first | {"born": "2016-06-14"}):
        assert mother.send(fields).status_code == 303

    assert Act.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"relation": ""}, ["guardian.relation"]),
        ({"relation": "uncle"}, ["guardian.relation"]),
        ({"relation": "mother\0"}, ["guardian.relation"]),
        ({"relation": "MOTHER"}, ["guardian.relation"]),
        ({"born": ""}, ["guardian.born"]),
        ({"born": "14/06/2015"}, ["guardian.born"]),
        ({"born": "2015-02-30"}, ["guardian.born"]),
        ({"born": "20150614"}, ["guardian.born"]),
        ({"born": "2015-W24-7"}, ["guardian.born"]),
        ({"born": "२०१५-०६-१४"}, ["guardian.born"]),
        ({"born": "2015-06-14\0"}, ["guardian.born"]),
        ({"born": "9999-01-01"}, ["guardian.born"]),
        ({"born": "2996-02-29"}, ["guardian.not_born"]),
        ({"born": "2900-01-01"}, ["guardian.not_born"]),
        ({"born": "0001-01-01"}, ["guardian.of_age"]),
        ({"born": "1980-01-01"}, ["guardian.of_age"]),
        ({"relation": "", "born": ""}, ["guardian.relation", "guardian.born"]),
    ],
)
def test_what_is_not_said_or_cannot_be_is_asked_again(
    mother: Visitor, fields: dict[str, str], expected: list[str]
) -> None:
    page = sends(mother, **fields)

    assert page.status_code == 422
    assert codes(page) == expected
    assert not Act.objects.exists()
    assert 'id="id_relation"' in page.content.decode()


def test_fields_left_out_or_sent_twice_record_nothing(mother: Visitor) -> None:
    assert codes(mother.send(mother.fields("oficina.sms"))) == ["guardian.relation", "guardian.born"]
    twice = "&".join(f"{name}={value}" for name, value in CHILD.items())
    body = f"token={mother.token}&phone=11987654321&box.oficina.sms=yes&{twice}&relation=father"
    assert mother.send_body(body).status_code in (400, 422)
    assert not Act.objects.exists()


def test_what_was_chosen_stands_there_again(mother: Visitor) -> None:
    page = sends(mother, phone="12").content.decode()

    assert '<option value="mother" selected' in page
    assert 'value="2015-06-14"' in page


@pytest.mark.parametrize(
    ("born", "of_age"),
    [("2015-06-14", date(2033, 6, 14)), ("2012-02-29", date(2030, 3, 1)), ("2015-02-28", date(2033, 2, 28))],
)
def test_somebody_comes_of_age_on_the_eighteenth_birthday(born: str, of_age: date) -> None:
    assert guardian.majority(date.fromisoformat(born)) == of_age


def test_two_weeks_before_it_is_too_late_for_a_guardian() -> None:
    now = cast.at("2026-03-15 10:00")
    assert guardian.read_of_age("2008-03-30", now=now) == date(2026, 3, 30)
    with pytest.raises(BadInput, match=r"guardian\.of_age"):
        guardian.read_of_age("2008-03-29", now=now)


def test_whoever_is_born_today_anywhere_is_born() -> None:
    assert guardian.read_of_age("2026-03-16", now=cast.at("2026-03-15 10:00"))
    with pytest.raises(BadInput, match=r"guardian\.not_born"):
        guardian.read_of_age("2026-03-16", now=cast.at("2026-03-15 09:59"))


def test_a_day_is_over_first_where_it_begins_first() -> None:
    one = guardian.Guardian("mother", date(2033, 6, 14))
    last = cast.at("2033-06-13 10:00")
    assert one.days(at=last - timedelta(days=7), longest=0) == 7
    assert one.days(at=last - timedelta(days=7) + timedelta(seconds=1), longest=0) == 0
    assert one.days(at=last + timedelta(seconds=1), longest=730) < 0


def test_the_receipt_names_the_relation_and_an_erased_one_does_not(
    aurora: Sample, mother: Visitor, client: Client
) -> None:
    sends(mother)
    confirms(aurora)
    record = given()
    address = receipts.address(record.act_id).removeprefix("http://localhost:8000")

    page = text(client.get(f"{address}?lang=en"))
    assert "For a child, by its mother" in page
    assert "It ends by itself by the time the child is 18." in page
    with override("pt-br"):
        assert receipts.guardians_of(record) == ("mãe",)
    found = account.read(record.act_id)
    assert found is not None
    assert pdf._what_happened(found)["facts"][2][0] == "For a child, by its"

    erasure.erase(record.subject, company=aurora.company, entity="subject")
    assert "mother" not in text(client.get(f"{address}?lang=en"))


def test_the_case_file_names_the_relation_and_the_words(aurora: Sample, mother: Visitor) -> None:
    sends(mother)
    confirms(aurora)
    record = given()
    zipped = casefile.build(record.subject, company=aurora.company, language="en", at=timezone.now())
    with zipfile.ZipFile(io.BytesIO(zipped)) as case:
        looks = [case.read(name).decode() for name in case.namelist() if "looks" in name]
    assert len(looks) == 2
    assert all("For a child, by its mother" in look for look in looks)
    assert any("Você diz sim por uma criança" in look for look in looks)


# --- where nobody can be asked for a guardian


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keyword", "oficina"),
        ("flow", "123"),
        ("signup", "123"),
        ("trusts_app", True),
        ("confirmation", Confirmation.NONE),
        ("confirmation", Confirmation.CALL),
    ],
)
def test_a_point_that_another_method_could_show_is_not_saved(
    point: CapturePoint, name: str, value: Any
) -> None:
    setattr(point, name, value)
    if value == Confirmation.CALL:
        point.voice = point.company.senders.get(channel="voice")
    with pytest.raises(ValidationError) as refused:
        point.full_clean()
    assert name in refused.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        point.save()


def test_a_number_for_calls_is_refused(point: CapturePoint) -> None:
    point.voice = point.company.senders.get(channel="voice")
    with pytest.raises(ValidationError) as refused:
        point.full_clean()
    assert list(refused.value.message_dict) == ["voice"]


def test_the_switch_stays_as_it_was_made(aurora: Sample, point: CapturePoint) -> None:
    point.asks_guardian = False
    with pytest.raises(ValidationError, match="Make another capture point"):
        point.clean()


def test_children_have_a_notice_of_their_own(aurora: Sample, point: CapturePoint) -> None:
    own, others = point.notice, aurora.point.notice
    aurora.point.notice = own
    with pytest.raises(ValidationError, match="a notice of their own"):
        aurora.point.clean()
    point.notice = others
    with pytest.raises(ValidationError, match="a notice of their own"):
        point.clean()


def test_no_kiosk_shows_it(point: CapturePoint) -> None:
    with pytest.raises(ValidationError, match="which a kiosk cannot"):
        Kiosk(point=point, name="counter").clean()


def test_every_method_that_cannot_ask_finds_it_closed(point: CapturePoint) -> None:
    ask = catalogue.ask("aurora", "criancas")
    assert ask is not None
    assert ask.is_ready
    assert not ask.is_open
    assert catalogue.offering(point.company, "oficina", "sms") is None


def test_the_door_takes_no_yes_for_a_child_without_a_guardian(aurora: Sample, point: CapturePoint) -> None:
    for state in (State.GIVEN, State.REQUESTED):
        with pytest.raises(ValueError, match="without a guardian"):
            recording.record(cast.event(aurora, point=point, state=state))
    assert recording.record(cast.event(aurora, point=point, state=State.REFUSED)).is_new
