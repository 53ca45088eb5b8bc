"""A form that is sent: what is recorded of it, and what is not; rows A01 to A26 of the bad inputs."""

import io
import logging
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consent import decision, opening, pinned, recording, vault
from consent.contact import Contact
from consent.models import Act, CapturePoint, Company, ConsentRecord, OutboundMessage, Purpose
from consent.sample import Sample
from consent.vocabulary import Confirmation, State
from optin_site.wsgi import application
from tests.capture.conftest import ANA, FORM, URLENCODED, Visitor, codes, publish_next, text

NUMBER = "+5511987654321"


def states() -> list[tuple[str, str, str]]:
    return [
        (record.purpose.slug, record.channel, record.state)
        for record in ConsentRecord.objects.select_related("purpose").order_by("arrival")
    ]


# --- What is recorded ---


def test_one_record_for_each_ticked_box_and_all_in_one_act(visitor: Visitor) -> None:
    answer = visitor.send(visitor.fields("novidades.sms", "pedidos.sms"))

    assert answer.status_code == 303
    assert states() == [("novidades", "sms", "requested"), ("pedidos", "sms", "requested")]
    assert Act.objects.count() == 1


def test_a_typed_number_allows_nothing_before_it_is_proved(visitor: Visitor, aurora: Sample) -> None:
    visitor.send()

    decided = decision.may_send(
        company=aurora.company.pk, contact=Contact.tel(NUMBER), channel="sms", purpose="novidades"
    )
    assert not decided.allow
    assert OutboundMessage.objects.get().kind == "ask"


def test_a_single_step_counts_only_where_the_policy_says_so_and_the_record_says_it(
    visitor: Visitor, aurora: Sample
) -> None:
    CapturePoint.objects.update(confirmation=Confirmation.NONE)
    visitor.open()

    answer = visitor.send()

    record = ConsentRecord.objects.get()
    assert (record.state, record.possession) == ("given", "policy")
    assert not OutboundMessage.objects.exists()
    assert answer["Location"] == f"/r/{vault.act_token(record.act_id, use='receipt')}/"
    assert opening.evidence_of(record.act_id)["confirmation"] == "none"


def test_the_evidence_holds_what_was_shown_ticked_and_typed(visitor: Visitor, aurora: Sample) -> None:
    visitor.headers = {"User-Agent": "Mozilla/5.0 (Android)\x1b[31m", "Accept-Language": "pt"}
    visitor.send(visitor.fields("novidades.whatsapp"))

    record = ConsentRecord.objects.get()
    evidence = opening.evidence_of(record.act_id)
    assert "Café Aurora quer falar com você por SMS e WhatsApp" in evidence["text"]
    assert [(box["key"], box["ticked"]) for box in evidence["boxes"]] == [
        ("novidades.sms", False), ("novidades.whatsapp", True), ("pedidos.sms", False),
    ]  # fmt: skip
    assert evidence["boxes"][1]["label"] == "Novidades e ofertas por WhatsApp"
    assert (evidence["language"], evidence["typed"], evidence["number"]) == ("pt-BR", ANA, NUMBER)
    assert evidence["address"] == evidence["peer"] == "127.0.0.1"
    assert evidence["user_agent"] == "Mozilla/5.0 (Android)[31m"
    assert evidence["shown_at"] <= evidence["sent_at"]
    assert evidence["notice"] == "novidades 1.0"
    assert record.event_time <= record.recorded_at
    assert (record.language, record.method, record.entity) == ("pt-BR", "website", "subject")


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, <script>", "127.0.0.1"),
        (2, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_the_evidence_holds_the_address_our_own_proxies_saw_and_what_was_claimed(
    visitor: Visitor, settings: Any, hops: int, forwarded: str, address: str
) -> None:
    settings.OPTIN_PROXY_HOPS = hops
    visitor.headers = {"X-Forwarded-For": forwarded}

    visitor.send()

    evidence = opening.evidence_of(Act.objects.get().pk)
    assert (evidence["address"], evidence["forwarded_for"]) == (address, forwarded)


def test_the_record_names_the_version_that_was_on_the_screen(visitor: Visitor, aurora: Sample) -> None:
    publish_next(aurora)

    assert visitor.send().status_code == 303

    record = ConsentRecord.objects.get()
    assert record.notice_id == aurora.version.pk
    assert "NEW" not in opening.evidence_of(record.act_id)["text"]


def test_the_website_around_the_frame_is_in_the_evidence(visitor: Visitor) -> None:
    visitor.headers = {"Referer": "https://user:secret@loja.example:8443/cart?who=ana"}
    visitor.open("embed=1")
    visitor.headers = {"Referer": "http://testserver/c/aurora/novidades/"}

    visitor.send(query="embed=1")

    assert opening.evidence_of(Act.objects.get().pk)["embedded_in"] == "https://loja.example:8443"


@pytest.mark.parametrize("referer", ["", "http://[", "not an address", "https://" + "a" * 300])
def test_an_unreadable_website_around_the_frame_is_left_out(visitor: Visitor, referer: str) -> None:
    visitor.headers = {"Referer": referer}
    visitor.open("embed=1")

    visitor.send(query="embed=1")

    assert opening.evidence_of(Act.objects.get().pk)["embedded_in"] == ""


# --- Twice is once ---


def test_a_double_click_is_one_act_and_the_same_page(visitor: Visitor) -> None:
    fields = visitor.fields()

    first, second = visitor.send(fields), visitor.send(fields)

    assert first["Location"] == second["Location"]
    assert ConsentRecord.objects.count() == 1
    assert OutboundMessage.objects.count() == 1


def test_the_same_page_sent_for_somebody_else_is_another_act(visitor: Visitor) -> None:
    fields = visitor.fields()

    first = visitor.send(fields)
    second = visitor.send(fields | {"phone": "(11) 98765-4322"})

    assert first["Location"] != second["Location"]
    assert Act.objects.values("subject").distinct().count() == 2


def test_a_post_costs_what_recording_costs_and_no_more(
    visitor: Visitor, aurora: Sample, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    visitor.open()
    visitor.send(visitor.fields(phone="(11) 98765-4320"))  # reads the catalogue
    fields = visitor.fields("novidades.sms", "novidades.whatsapp", "pedidos.sms")

    with CaptureQueriesContext(connection) as posted:
        assert visitor.send(fields).status_code == 303

    act = Act.objects.latest("recorded_at").pk
    records = list(
        ConsentRecord.objects.filter(act=act).select_related("company", "purpose", "notice", "point__sender")
    )
    evidence = opening.evidence_of(act)
    message = OutboundMessage.objects.get(act=act)
    told = recording.Telling(
        kind="ask", sender=records[0].point.sender, text=opening.message_content(message)["text"]
    )
    with CaptureQueriesContext(connection) as recorded:
        recording.record(
            *(
                recording.ConsentEvent(
                    company=record.company, contact=Contact.tel("+5511987654329"), purpose=record.purpose,
                    channel=record.channel, state=record.state, notice=record.notice, language="en",
                    event_time=record.event_time, method="website", evidence=evidence, reference="again",
                )
                for record in records
            ),
            tell=lambda _act: [told],
        )  # fmt: skip
    assert len(posted) == len(recorded)


# --- What is refused (rows A01 to A26) ---


@pytest.mark.parametrize("body", ["", "phone=11987654321", "token=x&phone=1", "token=%00", "=", "&&&", "%"])
def test_a_form_without_its_token_is_shown_again(visitor: Visitor, body: str) -> None:
    answer = visitor.send_body(body)

    assert answer.status_code == 400
    assert codes(answer) == ["form.missing"]
    assert visitor.token


def test_the_token_of_another_form_is_refused(visitor: Visitor, aurora: Sample) -> None:
    other = CapturePoint.objects.create(
        company=aurora.company, slug="outro", notice=aurora.point.notice, sender=aurora.sender
    )
    other.offers.create(purpose=aurora.purposes["novidades"], channel="sms")
    fields = visitor.fields()
    visitor.path = "/c/aurora/outro/"

    answer = visitor.send(fields)

    assert (answer.status_code, codes(answer)) == (400, ["form.missing"])
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "phone.required"),
        ("   ", "phone.required"),
        ("+55119876543211", "phone.not_possible"),
        ("+551198765432", "phone.not_valid"),
        ("+5511887654321", "phone.not_valid"),
        ("tel:87654321;phone-context=evil.com", "phone.bad_character"),
        ("+5511987654321;ext=12", "phone.bad_character"),
        ("+5511987654321,,123#", "phone.bad_character"),
        ("0800 FLOWERS", "phone.bad_character"),
        ("+1 (900) 555-1234", "phone.type_blocked"),
        ("+882 16 5555 5555", "phone.country_not_enabled"),
        ("+870 776 123 456", "phone.country_not_enabled"),
        ("+49 151 23456789", "phone.country_not_enabled"),
        ("+5511987654321 +5511987654322", "phone.not_possible"),
        ("+5511987654321\n+5511987654322", "phone.not_possible"),
        ("11987654321\0", "phone.bad_character"),
        ("1" * 10_000, "phone.not_possible"),
        ("+", "phone.not_possible"),
    ],
)
def test_a_number_we_cannot_write_to_is_named_and_nothing_recorded(
    visitor: Visitor, typed: str, code: str
) -> None:
    answer = visitor.send(visitor.fields(phone=typed))

    assert (answer.status_code, codes(answer)) == (422, [code])
    assert not ConsentRecord.objects.exists()
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize("typed", ["+５５１１９８７６５４３２１", "+٥٥١١٩٨٧٦٥٤٣٢١", "+55 11 98765-4321", ANA])
def test_a_number_in_any_script_is_the_same_person(visitor: Visitor, typed: str) -> None:
    visitor.send()
    visitor.open()

    assert visitor.send(visitor.fields(phone=typed)).status_code == 303

    assert Act.objects.values("subject").distinct().count() == 1


def test_a_form_without_a_tick_is_no_consent(visitor: Visitor) -> None:
    fields = visitor.fields()
    del fields["box.novidades.sms"]

    answer = visitor.send(fields)

    assert (answer.status_code, codes(answer)) == (422, ["consent.not_given"])
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("value", ["maybe", "no", "", "on", "YES", "yes "])
def test_a_tick_that_is_none_is_no_consent(visitor: Visitor, value: str) -> None:
    answer = visitor.send(visitor.fields("novidades.sms") | {"box.pedidos.sms": value})

    assert (answer.status_code, codes(answer)) == (422, ["consent.not_given"])
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("box", ["box.nada.sms", "box.novidades.voice", "box.", "box.novidades.sms.x"])
def test_a_box_that_was_not_offered_is_refused(visitor: Visitor, aurora: Sample, box: str) -> None:
    bruno = Company.objects.create(slug="bruno", name="Bruno")
    Purpose.objects.create(company=bruno, slug="nada", category="marketing")

    answer = visitor.send(visitor.fields() | {box: "yes"})

    assert (answer.status_code, codes(answer)) == (422, ["purpose.unknown"])
    assert not ConsentRecord.objects.exists()


def test_everything_that_is_wrong_is_said_at_once(visitor: Visitor) -> None:
    answer = visitor.send({"token": visitor.token, "phone": ""})

    assert codes(answer) == ["consent.not_given", "phone.required"]
    assert 'aria-invalid="true"' in answer.content.decode()
    assert 'aria-describedby="id_phone_helptext id_phone_error"' in answer.content.decode()


def test_fields_that_are_not_ours_change_nothing(visitor: Visitor) -> None:
    strange = {
        "company_id": "2",
        "status": "confirmed",
        "created_at": "2001-01-01",
        "state": "given",
        "purpose": "9",
    }

    assert visitor.send(visitor.fields(**strange)).status_code == 303

    record = ConsentRecord.objects.get()
    assert (record.state, record.company.slug, record.recorded_at.year > 2001) == (
        "requested",
        "aurora",
        True,
    )
    assert not set(strange) & set(opening.evidence_of(record.act_id))


@pytest.mark.parametrize("field", ["homepages", "box.novidades.sms", "altcha", "name"])
def test_a_nul_in_any_field_is_refused(visitor: Visitor, field: str) -> None:
    answer = visitor.send(visitor.fields() | {field: "a\0b"})

    assert answer.status_code == 422
    assert "form.bad_character" in codes(answer)
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("extra", ["&phone=%ED%A0%80", "&name=%FF", "&%FF=1", "&name=%C3%28"])
def test_bytes_that_are_no_text_are_refused(visitor: Visitor, extra: str) -> None:
    fields = visitor.fields()
    if "phone" in extra:
        del fields["phone"]

    answer = visitor.send_body(urlencode(fields) + extra)

    assert (answer.status_code, codes(answer)) == (400, ["form.encoding"])
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("extra", ["&phone=b", "&token=b", "&box.novidades.sms=yes", "&x=1&x=2"])
def test_a_field_twice_is_refused(visitor: Visitor, extra: str) -> None:
    answer = visitor.send_body(urlencode(visitor.fields()) + extra)

    assert (answer.status_code, codes(answer)) == (400, ["form.duplicate_field"])
    assert not ConsentRecord.objects.exists()


def test_too_many_fields_are_too_much(visitor: Visitor) -> None:
    body = urlencode(visitor.fields()) + "".join(f"&x{number}=1" for number in range(1001))

    assert visitor.send_body(body).status_code == 413


def test_three_megabytes_are_too_much(visitor: Visitor) -> None:
    assert visitor.send_body("x=" + "a" * 3_000_000).status_code == 413


def test_a_hundred_files_are_too_much(visitor: Visitor) -> None:
    boundary = "b"
    part = '--b\r\nContent-Disposition: form-data; name="f{0}"; filename="f{0}"\r\n\r\nx\r\n'
    body = "".join(part.format(number) for number in range(101)) + "--b--\r\n"

    answer = visitor.send_body(body, content_type=f"multipart/form-data; boundary={boundary}")

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\xff",
        "application/json", "text/plain", "", "x",
    ],
)  # fmt: skip
def test_a_body_of_another_kind_is_shown_the_form(visitor: Visitor, content_type: str) -> None:
    answer = visitor.send_body("--b\r\nxxx", content_type=content_type)

    assert answer.status_code == 400
    assert codes(answer)[0] in {"form.unreadable", "form.missing"}


@pytest.mark.parametrize("charset", ["base64", "utf-16", "idna", "latin-1", "rot13", "x" * 20_000])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_another_charset_is_refused(visitor: Visitor, kind: str, charset: str) -> None:
    body = urlencode(visitor.fields()).encode()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": FORM, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "CONTENT_TYPE": f"{kind}; charset={charset}", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
    }  # fmt: skip
    statuses: list[str] = []

    b"".join(application(environ, lambda status, _headers: statuses.append(status)))

    assert statuses == ["400 Bad Request"]
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("name", ["name*=base64''%41", "name*=nonsense''%41", "name*=utf-8''%ff"])
def test_a_part_that_names_itself_strangely_is_refused(visitor: Visitor, name: str) -> None:
    body = f"--b\r\nContent-Disposition: form-data; {name}\r\n\r\nx\r\n--b--\r\n"

    answer = visitor.send_body(body, content_type="multipart/form-data; boundary=b")

    assert answer.status_code == 400


def test_a_form_sent_as_multipart_is_read_alike(visitor: Visitor) -> None:
    answer = visitor.client.post(FORM, visitor.fields())

    assert answer.status_code == 303


def test_a_client_that_goes_away_is_answered_all_the_same(visitor: Visitor) -> None:
    class Gone:
        def read(self, _size: int = -1) -> bytes:
            raise OSError("connection reset")

        readline = read

    answer = visitor.client.generic(
        "POST", FORM, b"",
        **{"CONTENT_TYPE": URLENCODED, "CONTENT_LENGTH": "10", "wsgi.input": Gone()},
    )  # fmt: skip

    assert (answer.status_code, codes(answer)) == (400, ["form.unreadable"])


@pytest.mark.parametrize("length", ["-1", "abc", "", "٣"])
def test_a_length_that_is_none_is_no_reason_to_break(visitor: Visitor, length: str) -> None:
    answer = visitor.client.generic("POST", FORM, b"", CONTENT_LENGTH=length)

    assert answer.status_code == 400


def test_a_page_that_was_open_for_26_hours_may_still_be_sent(visitor: Visitor) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=26)):
        assert visitor.send().status_code == 303


def test_a_page_that_was_open_for_too_long_keeps_what_was_typed_and_can_be_sent_again(
    visitor: Visitor,
) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=49)):
        answer = visitor.send(visitor.fields("pedidos.sms"))

        assert (answer.status_code, codes(answer)) == (422, ["form.expired"])
        html = answer.content.decode()
        assert f'value="{ANA}"' in html
        assert html.count(" checked") == 1
        assert visitor.send(visitor.fields("pedidos.sms")).status_code == 303


def test_a_company_that_was_renamed_asks_again_with_every_box_empty(visitor: Visitor) -> None:
    Company.objects.update(name="Café Boreal")

    answer = visitor.send()

    assert (answer.status_code, codes(answer)) == (422, ["notice.superseded"])
    assert "Café Boreal quer falar" in text(answer)
    assert f'value="{ANA}"' in answer.content.decode()
    assert " checked" not in answer.content.decode()
    assert not ConsentRecord.objects.exists()
    assert visitor.send().status_code == 303


def test_other_boxes_than_on_the_screen_are_asked_again(visitor: Visitor, aurora: Sample) -> None:
    aurora.point.offers.first().delete()  # type: ignore[union-attr]

    assert codes(visitor.send(visitor.fields("pedidos.sms"))) == ["notice.superseded"]


@pytest.mark.parametrize("version", [999_999, "another"])
def test_a_version_that_is_not_this_point_s_is_refused(
    visitor: Visitor, aurora: Sample, version: Any
) -> None:
    if version == "another":
        notice = aurora.company.notices.create(slug="outro")
        version = notice.versions.create(wordings=aurora.version.wordings).pk
    seen = pinned.read(visitor.token, method="website")
    token = pinned.pin(
        method="website",
        point=seen.point,
        version=version,
        language="pt-BR",
        digest=seen.digest,
        shown_at=seen.shown_at,
        host="",
    )

    assert codes(visitor.send(visitor.fields() | {"token": token})) == ["notice.superseded"]
    assert not ConsentRecord.objects.exists()


def test_a_mistake_keeps_the_ticks_and_the_token(visitor: Visitor) -> None:
    fields = visitor.fields("pedidos.sms", phone="1")

    answer = visitor.send(fields)

    assert visitor.token == fields["token"]
    assert answer.content.decode().count(" checked") == 1
    assert answer["Cache-Control"] == "no-store"


def test_what_was_typed_is_escaped_and_never_too_long(visitor: Visitor) -> None:
    html = visitor.send(visitor.fields(phone='"><script>alert(1)</script>')).content.decode()
    assert "<script>alert" not in html

    html = visitor.send(visitor.fields(phone="9" * 5000)).content.decode()
    assert "9" * 200 not in html


def test_another_host_is_refused_and_used_in_no_link(visitor: Visitor) -> None:
    answer = visitor.client.get(FORM, headers={"Host": "evil.com"})

    assert answer.status_code == 400
    assert "evil.com" not in answer.content.decode()


# --- Programs, logs, anything at all ---


def test_a_program_that_fills_in_the_trap_gets_a_friendly_answer_and_nothing_is_recorded(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="consent"):
        answer = visitor.send(visitor.fields(homepage="https://spam.example"))

    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{FORM}confirm/")
    page = visitor.client.get(answer["Location"])
    assert page.status_code == 200
    assert not ConsentRecord.objects.exists()
    assert "spam" not in caplog.text


def test_nothing_personal_is_logged(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        visitor.send()
        visitor.send(visitor.fields() | {"phone": "+5511987654321;ext=1"})
        visitor.send_body("phone=11987654321&phone=2")

    for form in ("987654321", "98765-4321", quote(ANA)):
        assert form not in " ".join(
            record.getMessage() for record in caplog.records if record.name != "django.db.backends"
        )


@pytest.mark.django_db(transaction=True)
def test_on_postgresql_a_post_is_two_queries(aurora: Sample, client: Client, settings: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite inserts table by table")
    settings.OPTIN_CATALOGUE_SECONDS = 60
    visitor = Visitor(client)
    visitor.open()
    visitor.send(visitor.fields(phone="(11) 98765-4320"))  # reads the catalogue
    visitor.open()
    fields = visitor.fields("novidades.sms", "pedidos.sms")

    with CaptureQueriesContext(connection) as queries:
        assert visitor.send(fields).status_code == 303

    assert len(queries) == 2
    assert ConsentRecord.objects.filter(state=State.REQUESTED).count() == 3
