"""Capture points: made, shared, counted."""

import io
import json
from typing import Any

import pytest
import zxingcpp
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from consent import catalogue, poster, publishing
from consent.models import (
    ApiKey,
    CapturePoint,
    Notice,
    NoticeShown,
    NoticeVersion,
    PaperBatch,
    Purpose,
    Sender,
)
from tests import cast
from tests.admin.test_scope import point_form
from tests.staff import Firm


def change(point: CapturePoint) -> str:
    return reverse("admin:consent_capturepoint_change", args=[point.pk])


def test_a_point_is_made_with_its_boxes(bruno: Client, cafe: Firm) -> None:
    form = point_form(cafe.aurora.point, company=cafe.company.pk, slug="balcao") | {"offers-0-point": ""}
    assert bruno.post(reverse("admin:consent_capturepoint_add"), form).status_code == 302
    point = CapturePoint.objects.get(slug="balcao")
    assert point.languages == ["en", "pt-BR"]
    assert [offer.channel for offer in point.offers.all()] == ["voice"]


def test_a_form_to_make_one_has_room_for_boxes(bruno: Client, cafe: Firm) -> None:
    page = bruno.get(reverse("admin:consent_capturepoint_add")).content.decode()
    assert 'name="offers-1-purpose"' in page
    assert "anybody can type anybody&#x27;s number" in page
    assert "Put it before people" not in page


def test_a_point_needs_a_language(bruno: Client, cafe: Firm) -> None:
    form = point_form(cafe.aurora.point, languages=[])
    assert "This field is required." in bruno.post(change(cafe.aurora.point), form).content.decode()


def test_neither_company_nor_short_name_change(root: Client, cafe: Firm, bakery: Firm) -> None:
    form = point_form(cafe.aurora.point, company=bakery.company.pk, slug="other", is_open="")
    form["offers-0-channel"] = "voice"
    assert root.post(change(cafe.aurora.point), form).status_code == 302
    point = CapturePoint.objects.get(pk=cafe.aurora.point.pk)
    assert (point.slug, point.company, point.is_open) == ("novidades", cafe.company, False)


def test_its_page_has_all_one_hands_out(bruno: Client, cafe: Firm) -> None:
    page = bruno.get(change(cafe.aurora.point)).content.decode()
    assert 'value="http://localhost:8000/c/aurora/novidades/"' in page
    assert "data-point=&quot;aurora/novidades&quot;" in page
    for language in ("en", "es", "pt-BR"):
        assert f"poster-{language}.pdf" in page
    assert "Nobody has seen it yet." not in page  # Ana answered


def test_an_unready_point_says_so(bruno: Client, cafe: Firm) -> None:
    point = cafe.aurora.point
    listed = reverse("admin:consent_capturepoint_changelist")
    assert "badge-given" in bruno.get(listed).content.decode()
    point.is_open = False
    point.save()
    assert "badge-closed" in bruno.get(listed).content.decode()
    point.offers.all().delete()
    assert "no boxes" in bruno.get(listed).content.decode()
    page = bruno.get(change(point)).content.decode()
    assert "Nobody sees the form yet." in page
    assert "There is a poster as soon as there is a box." in page
    NoticeVersion.objects.filter(state="published").update(state="retired")
    assert "no published notice" in bruno.get(listed).content.decode()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_qr_code_leads_to_the_form(bruno: Client, cafe: Firm, kind: str) -> None:
    answer = bruno.get(reverse(f"admin:consent_capturepoint_qr_{kind}", args=[cafe.aurora.point.pk]))
    if kind == "svg":
        assert answer["Content-Type"] == "image/svg+xml"
        assert answer.content.decode() == poster.qr_svg(cafe.aurora.point)
        return
    with Image.open(io.BytesIO(answer.content)) as image:
        read = zxingcpp.read_barcodes(image.convert("L"))
    assert [code.text for code in read] == ["http://localhost:8000/c/aurora/novidades/"]


def test_a_poster_is_given_in_the_languages_of_the_point(bruno: Client, cafe: Firm) -> None:
    point = cafe.aurora.point

    def poster_in(language: str) -> Any:
        return bruno.get(reverse("admin:consent_capturepoint_poster", args=[point.pk, language]))

    answer = poster_in("pt-BR")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert poster_in("fr").status_code == 404
    point.languages = ["en"]
    point.save()
    catalogue.forget()
    assert poster_in("pt-BR").status_code == 404
    point.offers.all().delete()
    catalogue.forget()
    assert poster_in("en").status_code == 404


def test_showings_and_answers_are_counted_by_version(bruno: Client, cafe: Firm) -> None:
    today = timezone.now().date()
    for language, times in (("en", 30), ("es", 12)):
        NoticeShown.objects.create(
            point=cafe.aurora.point, version=cafe.aurora.version, language=language, method="website", day=today,
            times=times,
        )  # fmt: skip
    cast.says(cafe.aurora)
    cast.says(cafe.aurora, cast.BRUNO, state="requested", possession="none")
    page = bruno.get(change(cafe.aurora.point)).content.decode()
    row = page[page.index("novidades 1.0</a>") :].split("</tr>")[0]
    assert "".join(row.split()).endswith("<td>42</td><td>2</td><td>1</td>")


def test_an_auditor_sees_it_all_and_changes_nothing(auditor: Client, cafe: Firm) -> None:
    page = auditor.get(change(cafe.aurora.point)).content.decode()
    assert "Put it before people" in page
    assert 'name="_save"' not in page
    assert auditor.post(change(cafe.aurora.point), point_form(cafe.aurora.point)).status_code == 403


# --- the keyword


@pytest.mark.parametrize("typed", ["PROMO2", "Prómo2 ", "promo2"])
def test_a_keyword_is_kept_as_it_is_compared_and_shown_ready_to_use(
    bruno: Client, cafe: Firm, typed: str
) -> None:
    form = point_form(cafe.aurora.point, keyword=typed)
    assert bruno.post(change(cafe.aurora.point), form).status_code == 302
    assert CapturePoint.objects.get(pk=cafe.aurora.point.pk).keyword == "promo2"
    page = bruno.get(change(cafe.aurora.point)).content.decode()
    assert f"sms:{cafe.aurora.sender.address}?body=PROMO2" in page


@pytest.mark.parametrize(
    ("typed", "error"),
    [("SAIR", "already means"), ("sí", "already means"), ("ajuda", "already means"), ("NO", "already means"),
     ("two words", "one word"), ("1234", "one word"), ("x", "one word"), ("промо", "one word")],
)  # fmt: skip
def test_a_keyword_that_cannot_be_one_is_refused(bruno: Client, cafe: Firm, typed: str, error: str) -> None:
    page = bruno.post(change(cafe.aurora.point), point_form(cafe.aurora.point, keyword=typed))
    assert error in page.content.decode()


def test_a_company_has_each_keyword_once(bruno: Client, cafe: Firm) -> None:
    point = cafe.aurora.point
    CapturePoint.objects.create(
        company=point.company, slug="other", notice=point.notice, sender=point.sender, keyword="clube"
    )
    page = bruno.post(change(point), point_form(point, keyword="CLUBE"))
    assert "has this keyword" in page.content.decode()


def test_a_point_needs_no_keyword(bruno: Client, cafe: Firm) -> None:
    assert bruno.post(change(cafe.aurora.point), point_form(cafe.aurora.point, keyword="")).status_code == 302
    assert "body=" not in bruno.get(change(cafe.aurora.point)).content.decode()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_link_and_a_code_open_the_question_in_whatsapp(bruno: Client, cafe: Firm, kind: str) -> None:
    point = cafe.aurora.point
    link = "https://wa.me/551140028925?text=PROMO"  # the first of its two numbers there
    page = bruno.get(change(point)).content.decode()
    assert f'value="{link}"' in page
    assert 'value="sms:+551140028922?body=PROMO"' in page

    answer = bruno.get(reverse(f"admin:consent_capturepoint_chat_{kind}", args=[point.pk]))
    if kind == "svg":
        assert answer.content.decode() == poster.chat_qr_svg(link)
        return
    with Image.open(io.BytesIO(answer.content)) as image:
        read = zxingcpp.read_barcodes(image.convert("L"))
    assert [code.text for code in read] == [link]


def test_the_number_that_asks_is_the_one_of_the_link(bruno: Client, cafe: Firm) -> None:
    point = cafe.aurora.point
    point.sender = Sender.objects.create(company=cafe.company, channel="whatsapp", address="+5511900000001")
    point.save()

    assert "https://wa.me/5511900000001?text=PROMO" in bruno.get(change(point)).content.decode()


def test_the_page_says_what_to_write_to_be_asked_in_another_language(bruno: Client, cafe: Firm) -> None:
    assert "PROMO EN, PROMO ES." in bruno.get(change(cafe.aurora.point)).content.decode()


def test_without_keyword_or_number_there_is_no_link_to_whatsapp(bruno: Client, cafe: Firm) -> None:
    point = cafe.aurora.point
    point.keyword = ""
    point.save()
    page = bruno.get(change(point)).content.decode()
    assert "wa.me" not in page
    assert "With a keyword there is a link" in page
    assert bruno.get(reverse("admin:consent_capturepoint_chat_svg", args=[point.pk])).status_code == 404


def test_a_flow_for_rapidpro_comes_with_a_key_of_its_own(bruno: Client, auditor: Client, cafe: Firm) -> None:
    page = reverse("admin:consent_capturepoint_flow", args=[cafe.aurora.point.pk, "pt-BR"])
    before = ApiKey.objects.count()
    answer = bruno.post(page)

    flow = json.loads(answer.content)["flows"][0]
    assert flow["spec_version"] == "13.1.0"
    key = ApiKey.objects.latest("pk")
    assert (ApiKey.objects.count(), key.scopes) == (before + 1, ["consents"])
    assert "novidades-pt-BR-flow.json" in answer.headers["Content-Disposition"]
    assert auditor.post(page).status_code == 403
    assert bruno.get(page).status_code == 405
    assert bruno.post(page.replace("pt-BR", "de")).status_code == 404
    change = bruno.get(reverse("admin:consent_capturepoint_change", args=[cafe.aurora.point.pk]))
    assert "Flow for RapidPro and Weni" in change.content.decode()


def test_a_point_for_children_is_made_with_what_is_its_own(bruno: Client, cafe: Firm) -> None:
    notice = Notice.objects.create(company=cafe.company, slug="criancas")
    form = point_form(cafe.aurora.point, company=cafe.company.pk, slug="criancas") | {
        "offers-0-point": "", "asks_guardian": "on", "confirmation": "none",
    }  # fmt: skip
    add = reverse("admin:consent_capturepoint_add")

    page = bruno.post(add, form).content.decode()
    assert "Children have a notice of their own" not in page  # one thing after the other
    assert "number is always proved by a message" in page
    form["confirmation"] = "reply"
    assert "Children have a notice of their own" in bruno.post(add, form).content.decode()
    form["notice"] = notice.pk
    assert "Children have purposes of their own" in bruno.post(add, form).content.decode()
    purpose = Purpose.objects.create(
        company=cafe.company, slug="oficina", category="utility", name={"en": "Workshop"}
    )
    form["offers-0-purpose"] = purpose.pk
    assert bruno.post(add, form).status_code == 302

    point = CapturePoint.objects.get(slug="criancas")
    assert point.asks_guardian
    other = change(cafe.aurora.point)
    page = bruno.post(
        other, point_form(cafe.aurora.point) | {"offers-0-purpose": purpose.pk}
    ).content.decode()
    assert "Children have purposes of their own" in page
    form = point_form(point, notice=notice.pk) | {"offers-0-channel": "sms"}
    assert bruno.post(change(point), form).status_code == 302
    point.refresh_from_db()
    assert point.asks_guardian  # the switch stays as it was made


def test_sheets_are_printed_and_batches_made_for_children(bruno: Client, cafe: Firm) -> None:
    notice = Notice.objects.create(company=cafe.company, slug="criancas")
    version = NoticeVersion.objects.create(notice=notice, wordings=cafe.aurora.version.wordings)
    publishing.publish(version)
    point = CapturePoint.objects.create(
        company=cafe.company, slug="criancas", title={"en": "C"}, notice=notice, sender=cafe.aurora.sender,
        asks_guardian=True,
    )  # fmt: skip
    point.offers.create(purpose=cafe.aurora.purposes["pedidos"], channel="sms")
    catalogue.forget()

    assert "Print sheets" in bruno.get(change(point)).content.decode()
    made = reverse("admin:consent_capturepoint_sheets", args=[point.pk])
    answer = bruno.post(made, {"language": "en", "paper": "a4", "count": 1})
    assert answer["Content-Type"] == "application/pdf"
    batch = {
        "company": cafe.company.pk, "point": point.pk, "version": version.pk, "language": "en", "place": "Feira",
        "policy": "all", "percent": "10",
    }  # fmt: skip
    bruno.post(reverse("admin:consent_paperbatch_add"), batch)
    assert PaperBatch.objects.get().point == point


def test_words_too_long_for_a_flow_are_said_so_before_it_runs(bruno: Client, cafe: Firm) -> None:
    purpose = cafe.aurora.purposes["pedidos"]
    purpose.description["pt-BR"] = "ã" * 6_000
    purpose.save()
    catalogue.forget()
    page = reverse("admin:consent_capturepoint_flow", args=[cafe.aurora.point.pk, "pt-BR"])
    before = ApiKey.objects.count()
    answer = bruno.post(page, follow=True)
    assert "too long for a flow: shorten the notice" in answer.content.decode()
    assert ApiKey.objects.count() == before
