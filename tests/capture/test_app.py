"""Consent inside an app: shown by a token, handed in with a key, recorded once."""

import base64
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from consent import catalogue, decision, dialogue, opening, vault
from consent.api import keys
from consent.contact import Contact
from consent.models import ApiKey, Company, ConsentRecord, EvidenceFile, OutboundMessage
from consent.sample import Sample
from tests import clamd

ANA = "+5511987654321"
EVIDENCE = {"app_version": "4.2.0", "screen": "sign-up", "device_locale": "pt-BR"}


class App:
    """The server of the company's app."""

    def __init__(self, company: Company, **scopes: Any) -> None:
        self.key = keys.issue(company, name="App", **scopes)
        self.client = Client(headers={"Authorization": f"Bearer {self.key}"})

    def point(self, slug: str = "novidades", **query: str) -> Any:
        return self.client.get(f"/api/v1/points/{slug}", query)

    def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
        )

    def consent(self, answers: dict[str, bool] | None = None, *, key: str | None = None, **more: Any) -> Any:
        said = {
            "token": self.point().json()["token"],
            "contact": ANA,
            "answers": {"novidades.sms": True} if answers is None else answers,
            "evidence": EVIDENCE,
        }
        return self.post("consents", said | more, key=key)


@pytest.fixture
def app(aurora: Sample) -> App:
    keys.forget()
    return App(aurora.company)


def believe(aurora: Sample) -> None:
    aurora.point.trusts_app = True
    aurora.point.save()
    catalogue.forget()


VERIFIED = {"method": "sms_code", "at": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize(("way", "has_link"), [("code", True), ("reply", False)])
def test_nobody_is_sent_a_code_for_a_page_that_an_app_does_not_have(
    aurora: Sample, app: App, way: str, has_link: bool
) -> None:
    aurora.point.confirmation = way
    aurora.point.save()
    catalogue.forget()
    act = app.consent().json()["act"]
    text = str(opening.message_content(OutboundMessage.objects.get())["text"])
    assert dialogue.spaced(vault.code(UUID(act))) not in text
    assert ("http" in text) is has_link
    assert ("SIM" in text) is not has_link


def may_send(aurora: Sample, channel: str = "sms") -> decision.Decision:
    return decision.may_send(
        Contact.tel(ANA), company=aurora.company.pk, channel=channel, purpose="novidades"
    )


def test_a_point_says_what_to_show_and_names_company_and_channels(app: App) -> None:
    shown = app.point(language="es").json()

    assert shown["language"] == "es"
    assert "Café Aurora" in shown["text"][0]
    assert {box["key"] for box in shown["boxes"]} == {"novidades.sms", "novidades.whatsapp", "pedidos.sms"}
    assert "SMS" in shown["boxes"][0]["label"]
    assert shown["token"]


def test_a_yes_waits_for_its_proof_where_the_company_does_not_believe_the_app(
    app: App, aurora: Sample
) -> None:
    answer = app.consent(verified=VERIFIED)

    assert answer.status_code == 201
    assert [record["state"] for record in answer.json()["records"]] == ["requested"]
    assert OutboundMessage.objects.get().kind == "ask"
    assert may_send(aurora).reason == "requested"


def test_a_yes_with_the_apps_own_proof_counts_at_once_where_the_company_believes_it(
    app: App, aurora: Sample
) -> None:
    believe(aurora)

    answer = app.consent({"novidades.sms": True, "pedidos.sms": False}, verified=VERIFIED)

    assert {record["purpose"]: record["state"] for record in answer.json()["records"]} == {
        "novidades": "given",
        "pedidos": "refused",
    }
    record = ConsentRecord.objects.get(state="given")
    assert (record.possession, record.method) == ("app", "app")
    evidence = opening.evidence_of(record.act_id)
    assert evidence["app"] == EVIDENCE
    assert evidence["verified"] == VERIFIED
    assert "Café Aurora" in evidence["text"]
    assert may_send(aurora).allow
    assert not OutboundMessage.objects.exists()


def test_the_same_key_and_body_get_the_first_answer_byte_for_byte(app: App) -> None:
    token = app.point().json()["token"]

    first, second = (app.consent(key="k-1", token=token) for _ in range(2))

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert ConsentRecord.objects.count() == 1


def test_several_answers_come_back_the_same_in_one_order_and_a_new_one_reads_once(
    app: App, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    settings.OPTIN_GROUP_COMMIT = False
    answers = {"pedidos.sms": False, "novidades.whatsapp": True, "novidades.sms": True}
    token = app.point().json()["token"]
    app.consent({"novidades.sms": True}, token=token)  # the catalogue and the key are known by now

    with CaptureQueriesContext(connection) as queries:
        first = app.post(
            "consents", {"token": token, "contact": ANA, "answers": answers, "evidence": EVIDENCE}, key="many"
        )
    assert len([query for query in queries if query["sql"].startswith("SELECT")]) == 1  # the rest is written
    again = app.post(
        "consents", {"token": token, "contact": ANA, "answers": answers, "evidence": EVIDENCE}, key="many"
    )

    assert first.content == again.content
    assert [(one["purpose"], one["channel"], one["state"]) for one in first.json()["records"]] == [
        ("novidades", "sms", "requested"), ("novidades", "whatsapp", "requested"), ("pedidos", "sms", "refused"),
    ]  # fmt: skip


def test_the_same_key_with_another_body_is_refused_and_changes_nothing(app: App) -> None:
    app.consent(key="k-1")

    answer = app.consent({"novidades.sms": False}, key="k-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.mismatch")
    assert ConsentRecord.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 300, "a\tb", "ação"])
def test_a_write_needs_a_key_of_its_own(app: App, key: str) -> None:
    said = {"token": "t", "contact": ANA, "answers": {"novidades.sms": True}, "evidence": EVIDENCE}
    headers = {"Idempotency-Key": key} if key else {}
    body = json.dumps(said | {"token": app.point().json()["token"]})

    answer = app.client.post("/api/v1/consents", body, content_type="application/json", headers=headers)

    assert answer.status_code == 400
    assert answer.json()["code"] == ("idempotency.malformed" if key else "idempotency.required")


def test_a_withdrawal_of_everything_is_in_force_when_it_is_answered(app: App, aurora: Sample) -> None:
    believe(aurora)
    app.consent(verified=VERIFIED)

    answer = app.post("withdrawals", {"contact": ANA})

    assert answer.status_code == 201
    assert {record["channel"] for record in answer.json()["records"]} == {"sms", "whatsapp", "voice"}
    assert may_send(aurora).reason == "withdrawn"


def test_a_withdrawal_of_one_purpose_leaves_the_others(app: App, aurora: Sample) -> None:
    believe(aurora)
    app.consent({"novidades.sms": True, "pedidos.sms": True}, verified=VERIFIED)

    app.post("withdrawals", {"contact": ANA, "channel": "sms", "purpose": "pedidos"})

    assert may_send(aurora).allow
    orders = decision.may_send(Contact.tel(ANA), company=aurora.company.pk, channel="sms", purpose="pedidos")
    assert orders.reason == "withdrawn"


def test_somebody_never_heard_of_may_withdraw_from_any_number(app: App) -> None:
    answer = app.post("withdrawals", {"contact": "+551187654321", "channel": "sms"})

    assert answer.status_code == 201
    assert ConsentRecord.objects.get().entity.startswith("app:")


@pytest.mark.parametrize("typed", ["1187654321", "11 8765-4321", "+55 11 8765-4321"])
def test_a_number_typed_as_it_was_before_the_ninth_digit_stops_the_person_who_has_it(
    app: App, aurora: Sample, typed: str
) -> None:
    subject = app.consent().json()["subject"]

    assert app.post("withdrawals", {"contact": typed}).json()["subject"] == subject
    assert (
        decision.may_send(
            Contact.tel(ANA), company=aurora.company.pk, channel="sms", purpose="novidades"
        ).reason
        == decision.Reason.WITHDRAWN
    )


def test_a_part_of_a_number_is_no_withdrawal_of_anybodys(app: App) -> None:
    answer = app.post("withdrawals", {"contact": "98765-4321"})

    assert (answer.status_code, answer.json()["code"]) == (422, "phone.not_possible")
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("typed", ["+1 (900) 555-1234", "+870 773 111 632"])
def test_a_number_nobody_may_be_asked_at_withdraws_however_it_is_written(app: App, typed: str) -> None:
    assert app.post("withdrawals", {"contact": typed}).status_code == 201


def test_a_picture_of_the_screen_is_kept_sealed(app: App, aurora: Sample) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (9, 16), "white").save(picture, "PNG")
    content = base64.b64encode(picture.getvalue()).decode()

    app.consent(snapshot={"media_type": "image/png", "content": content})

    assert opening.file_content(EvidenceFile.objects.get()) == picture.getvalue()


def test_a_picture_in_which_the_scanner_finds_something_is_refused(
    app: App, aurora: Sample, settings: Any
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (9, 16), "white").save(picture, "PNG")
    content = base64.b64encode(picture.getvalue() + clamd.EICAR).decode()

    with clamd.running() as settings.OPTIN_SCANNER:
        answer = app.consent(snapshot={"media_type": "image/png", "content": content})

    assert (answer.status_code, answer.json()["code"]) == (422, "file.malware")
    assert not ConsentRecord.objects.exists()


WRONG = [
    ({"answers": {"nothing.sms": True}}, 422, "purpose.unknown", "#/answers/nothing.sms"),
    ({"answers": {"a/b": True}}, 422, "purpose.unknown", "#/answers/a~1b"),
    ({"answers": {}}, 422, "field.invalid", "#/answers"),
    ({"answers": {"novidades.sms": "yes"}}, 422, "field.invalid", "#/answers/novidades.sms"),
    ({"contact": 5511987654321}, 422, "phone.type", "#/contact"),
    ({"contact": "0800 FLOWERS"}, 422, "phone.bad_character", "#/contact"),
    ({"contact": "+870773111632"}, 422, "phone.country_not_enabled", "#/contact"),
    ({"token": "forged"}, 422, "token.unknown", "#/token"),
    ({"company": "other"}, 422, "field.unknown", "#/company"),
    ({"evidence": {"app_version": "1"}}, 422, "field.required", "#/evidence/screen"),
    ({"evidence": EVIDENCE | {"screen": "a\0b"}}, 422, "field.bad_character", "#/evidence/screen"),
    ({"verified": {"method": "sms", "at": "2026-W01-1"}}, 422, "time.format", "#/verified/at"),
    (
        {"verified": {"method": "sms", "at": "2026-01-01T00:00:00"}},
        422,
        "time.zone_required",
        "#/verified/at",
    ),
    ({"verified": {"method": "sms", "at": "2999-01-01T00:00:00Z"}}, 422, "time.future", "#/verified/at"),
    ({"verified": {"method": "sms", "at": "0001-01-01T00:00:00+14:00"}}, 422, "time.format", "#/verified/at"),
    (
        {"snapshot": {"media_type": "image/png", "content": "bm8="}},
        422,
        "snapshot.invalid",
        "#/snapshot/content",
    ),
]


@pytest.mark.parametrize(("change", "status", "code", "pointer"), WRONG)
def test_bad_input_says_where_and_what_and_records_nothing(
    app: App, change: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = app.consent(**change)

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (status, code, pointer)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not ConsentRecord.objects.exists()


def test_a_token_of_another_method_or_company_or_of_long_ago_opens_nothing(app: App, aurora: Sample) -> None:
    other = Company.objects.create(slug="bia", name="Bia", legal_name="Bia", country="BR")
    token = app.point().json()["token"]

    elsewhere = App(other).post(
        "consents",
        {"token": token, "contact": ANA, "answers": {"novidades.sms": True}, "evidence": EVIDENCE},
    )
    with time_machine.travel(timezone.now() + timedelta(hours=49)):
        late = app.consent(token=token)

    assert elsewhere.json()["code"] == "token.unknown"
    assert late.json()["code"] == "token.expired"
    assert not ConsentRecord.objects.exists()


def test_a_point_of_another_company_is_not_there(aurora: Sample) -> None:
    other = Company.objects.create(slug="bia", name="Bia", legal_name="Bia", country="BR")

    assert App(other).point().status_code == 404


def test_a_closed_point_asks_nobody(app: App, aurora: Sample) -> None:
    aurora.point.is_open = False
    aurora.point.save()
    catalogue.forget()

    assert app.point().json()["code"] == "point.closed"


def test_a_key_does_only_what_it_was_made_for(aurora: Sample) -> None:
    reader = App(aurora.company, scopes=[ApiKey.Scope.RECORDS])

    answer = reader.point()

    assert (answer.status_code, answer.json()["code"]) == (403, "key.scope")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("es-MX", "es"), ("es-419", "es"), ("en-US", "en"), ("pt-PT", "pt-BR"), ("pt", "pt-BR"), ("ES", "es")],
)
def test_the_locale_of_a_device_finds_its_language(app: App, asked: str, shown: str) -> None:
    """RFC 4647 section 3.4: es-MX is Spanish, where nobody wrote it for Mexico."""
    assert app.point(language=asked).json()["language"] == shown


def test_unknown_parameters_and_languages_are_refused(app: App) -> None:
    assert app.point(fields="password").json()["code"] == "parameter.unknown"
    for unknown in ("tlh", "", "-", "espera", "pt_BR"):
        assert app.point(language=unknown).json()["code"] == "language.unknown"
    assert app.point(api_key="x").json()["code"] == "key.in_url"
