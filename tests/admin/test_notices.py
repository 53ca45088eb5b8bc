"""Notices: drafted, previewed, published, and from then on only read."""

import re
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from consent import publishing, starter
from consent.admin import versions
from consent.models import CapturePoint, Company, Notice, NoticeVersion, Offer, Purpose
from tests.staff import Firm, in_every_language

State = NoticeVersion.State


def typed(**changes: str) -> dict[str, str]:
    """What the browser posts for a version whose texts say everything."""
    texts = {
        versions.field_name(kind, language): text
        for language, kinds in starter.wordings(sms_to_us=True).items()
        for kind, text in kinds.items()
    }
    return texts | changes


def change(version: NoticeVersion) -> str:
    return reverse("admin:consent_noticeversion_change", args=[version.pk])


def publish(version: NoticeVersion) -> str:
    return reverse("admin:consent_noticeversion_publish", args=[version.pk])


def begin(client: Client, version: NoticeVersion, kind: str) -> Any:
    return client.post(
        reverse("admin:consent_noticeversion_begin", args=[version.pk]), {"kind": kind}, follow=True
    )


def test_a_new_notice_has_a_draft_that_could_be_published(bruno: Client, cafe: Firm) -> None:
    form = {"company": cafe.company.pk, "slug": "pedidos"}
    answer = bruno.post(reverse("admin:consent_notice_add"), form, follow=True)
    draft = NoticeVersion.objects.get(notice__slug="pedidos")
    assert answer.redirect_chain[-1][0] == change(draft)
    assert (draft.number, draft.state) == ("1.0", State.DRAFT)
    publishing.check(draft)


def test_a_notices_page_lists_its_versions_and_points(bruno: Client, cafe: Firm) -> None:
    notice = cafe.aurora.point.notice
    page = bruno.get(reverse("admin:consent_notice_change", args=[notice.pk])).content.decode()
    assert "badge-published" in page
    assert "badge-draft" in page
    assert "News from Café Aurora" in page
    assert 'name="_save"' not in page
    listed = bruno.get(reverse("admin:consent_notice_changelist")).content.decode()
    assert "badge-published" in listed
    assert "badge-draft" in listed


def test_a_notice_that_is_sent_again_stays_as_it_is(bruno: Client, cafe: Firm) -> None:
    notice = cafe.aurora.point.notice
    before = notice.versions.count()
    path = reverse("admin:consent_notice_change", args=[notice.pk])
    assert bruno.post(path, {"slug": "other"}).status_code == 302
    assert (Notice.objects.get(pk=notice.pk).slug, notice.versions.count()) == ("novidades", before)


def test_the_list_says_where_nothing_is_published(bruno: Client, cafe: Firm) -> None:
    Notice.objects.create(company=cafe.company, slug="leer")
    assert "badge-missing" in bruno.get(reverse("admin:consent_notice_changelist")).content.decode()


def test_a_draft_is_edited_by_language(bruno: Client, cafe: Firm) -> None:
    answer = bruno.post(change(cafe.draft), typed(spoken_es="Hola.", _continue="1"))
    assert answer["Location"] == change(cafe.draft)
    cafe.draft.refresh_from_db()
    assert cafe.draft.wordings["es"]["spoken"] == "Hola."
    assert cafe.draft.wordings["en"] == starter.wordings(sms_to_us=True)["en"]
    page = bruno.get(change(cafe.draft)).content.decode()
    assert "{company} would like to contact" in page
    assert "What you may write in braces" in page


def test_an_unfinished_draft_says_what_is_missing(bruno: Client, cafe: Firm) -> None:
    page = bruno.get(change(cafe.draft)).content.decode()
    assert "Not ready to be published:" in page
    assert "calls will come: write {channels}." in page
    assert '<a href="#id_screen_en">English, on the screen</a>' in page


def test_the_preview_shows_every_language_as_typed(bruno: Client, cafe: Firm) -> None:
    path = reverse("admin:consent_noticeversion_preview", args=[cafe.draft.pk])
    page = bruno.post(path, typed(screen_es="Prueba de {company} <b>ya</b>")).content.decode()
    assert "Prueba de Café Aurora &lt;b&gt;ya&lt;/b&gt;" in page
    assert "Café Aurora would like to contact you by SMS and WhatsApp" in page
    assert "Novidades e ofertas por SMS" in page
    cafe.draft.refresh_from_db()
    assert "es" not in cafe.draft.wordings


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Website", "App", "WhatsApp", "SMS", "Phone call", "Paper", "press 0", "Signature"]),
        ("es", ["Sitio web", "App", "WhatsApp", "SMS", "Llamada telefónica", "Papel", "presione 0", "Firma"]),
        ("pt-BR", ["Site", "App", "WhatsApp", "SMS", "Ligação telefônica", "Papel", "tecle 0", "Assinatura"]),
    ],
)
def test_the_preview_shows_six_methods_in_each_language(
    bruno: Client, cafe: Firm, language: str, words: list[str]
) -> None:
    path = reverse("admin:consent_noticeversion_preview", args=[cafe.aurora.version.pk])
    page = bruno.get(path).content.decode()
    part = page.partition(f'<details class="methods" lang="{language}"')[2]
    shown = part.partition('<details class="methods"')[0]
    assert shown.count('<section class="method">') == 6
    for word in words:
        assert word in shown
    assert "Every rule is green." in page


def test_a_part_of_the_page_follows_what_is_typed(bruno: Client, cafe: Firm) -> None:
    path = reverse("admin:consent_noticeversion_preview", args=[cafe.draft.pk])
    part = bruno.post(f"{path}?part", typed(paper_es="Firme aquí.")).content.decode()
    assert "<html" not in part
    assert "things keep this version from being published." in part
    assert 'href="#id_paper_es"' in part
    assert "Firme aquí." in part
    assert "Every rule is green." in bruno.post(f"{path}?part", typed()).content.decode()


@pytest.mark.parametrize("point", ["", "x", "999999"])
def test_the_preview_takes_any_point_it_is_given(bruno: Client, cafe: Firm, point: str) -> None:
    path = reverse("admin:consent_noticeversion_preview", args=[cafe.draft.pk])
    assert bruno.get(path, {"point": point or cafe.aurora.point.pk}).status_code == 200


def test_of_several_points_one_is_previewed(bruno: Client, cafe: Firm) -> None:
    other = CapturePoint.objects.create(
        company=cafe.company, slug="pedidos", title=in_every_language("Orders"), sender=cafe.aurora.sender,
        notice=cafe.aurora.point.notice,
    )  # fmt: skip
    Offer.objects.create(point=other, purpose=cafe.aurora.purposes["pedidos"], channel="voice")
    path = reverse("admin:consent_noticeversion_preview", args=[cafe.aurora.version.pk])
    page = bruno.get(path, {"point": other.pk}).content.decode()
    assert f'<a href="?point={other.pk}" aria-current="page">Orders</a>' in page
    assert "Café Aurora would like to contact you by phone call." in page


def test_ctia_is_said_not_to_apply_where_it_does_not(bruno: Client, cafe: Firm) -> None:
    Company.objects.update(allowed_countries=["BR"])
    page = bruno.get(change(cafe.draft)).content.decode()
    assert "United States: CTIA, for SMS: does not apply" in page


def test_a_notice_without_a_point_is_previewed_with_an_example(bruno: Client, cafe: Firm) -> None:
    notice = Notice.objects.create(company=cafe.company, slug="futuro")
    draft = NoticeVersion.objects.create(notice=notice, wordings=starter.wordings())
    page = bruno.get(reverse("admin:consent_noticeversion_preview", args=[draft.pk])).content.decode()
    assert "News of your orders by SMS" in page


def test_an_example_needs_neither_sender_nor_purpose(root: Client, db: None) -> None:
    company = Company.objects.create(slug="nova", name="Nova")
    notice = Notice.objects.create(company=company, slug="futuro")
    draft = NoticeVersion.objects.create(notice=notice, wordings={"en": {"screen": "Hello {sender}"}})
    page = root.get(reverse("admin:consent_noticeversion_preview", args=[draft.pk])).content.decode()
    assert "The boxes of the capture point stand here." in page


def test_publishing_asks_first_and_then_freezes(bruno: Client, cafe: Firm) -> None:
    before = cafe.aurora.version
    bruno.post(change(cafe.draft), typed())
    page = bruno.get(publish(cafe.draft)).content.decode()
    assert "Version 1.0 retires." in page
    cafe.draft.refresh_from_db()
    assert cafe.draft.state == State.DRAFT
    answer = bruno.post(publish(cafe.draft), follow=True)
    assert "From now on people see version 2.0." in answer.content.decode()
    cafe.draft.refresh_from_db()
    before.refresh_from_db()
    assert (cafe.draft.state, before.state) == (State.PUBLISHED, State.RETIRED)
    assert len(cafe.draft.digest) == 64


def test_a_draft_that_somebody_changed_since_the_question_is_shown_and_not_published(
    bruno: Client, cafe: Firm
) -> None:
    bruno.post(change(cafe.draft), typed())
    page = bruno.get(publish(cafe.draft)).content.decode()
    [seen] = re.findall(r'name="seen" value="([0-9a-f]{64})"', page)
    bruno.post(change(cafe.draft), typed(**{versions.field_name("screen", "en"): "Changed."}), follow=True)

    answer = bruno.post(publish(cafe.draft), {"seen": seen}, follow=True)
    assert "Somebody changed this draft after you looked at it." in answer.content.decode()
    cafe.draft.refresh_from_db()
    assert cafe.draft.state == State.DRAFT

    bruno.post(change(cafe.draft), typed())
    bruno.post(publish(cafe.draft), {"seen": seen})
    cafe.draft.refresh_from_db()
    assert cafe.draft.state == State.PUBLISHED, "it says again what was seen"


def test_saving_to_publish_leads_to_the_question(bruno: Client, cafe: Firm) -> None:
    answer = bruno.post(change(cafe.draft), typed(_save="1"))
    assert answer["Location"] == publish(cafe.draft)


def test_what_says_too_little_cannot_be_published(bruno: Client, cafe: Firm) -> None:
    page = bruno.get(publish(cafe.draft)).content.decode()
    assert "Mend in the draft what is red below" in page
    answer = bruno.post(publish(cafe.draft), follow=True)
    assert "The notice cannot be published yet." in answer.content.decode()
    cafe.draft.refresh_from_db()
    assert cafe.draft.state == State.DRAFT


def test_a_misspelt_name_in_braces_is_pointed_out(bruno: Client, cafe: Firm) -> None:
    text = starter.wordings(sms_to_us=True)["en"]["screen"] + " {compnay}"
    bruno.post(change(cafe.draft), typed(screen_en=text))
    page = bruno.get(publish(cafe.draft)).content.decode()
    assert "“{compnay}”" in page
    assert "1 thing keeps this version from being published." in page


def test_a_catch_all_purpose_keeps_a_notice_from_being_published(bruno: Client, cafe: Firm) -> None:
    bruno.post(change(cafe.draft), typed())
    purpose = Purpose.objects.get(company=cafe.company, slug="pedidos")
    purpose.name["pt-BR"] = "Comunicações em geral"
    purpose.save()
    page = bruno.get(publish(cafe.draft)).content.decode()
    assert "“Comunicações em geral”" in page
    assert "LGPD art. 8 §4" in page
    assert 'value="Publish"' not in page
    answer = bruno.post(publish(cafe.draft), follow=True).content.decode()
    assert "A purpose that covers everything is void." in answer
    cafe.draft.refresh_from_db()
    assert cafe.draft.state == State.DRAFT


def test_a_published_version_is_only_read(bruno: Client, cafe: Firm) -> None:
    version = cafe.aurora.version
    page = bruno.get(change(version)).content.decode()
    assert "This version cannot be changed." in page
    assert "<textarea" not in page
    assert version.digest in page
    assert bruno.post(change(version), typed()).status_code == 403
    assert (
        bruno.post(
            reverse("admin:consent_noticeversion_delete", args=[version.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        NoticeVersion.objects.filter(pk=version.pk).update(wordings={})


def test_publishing_twice_is_told(bruno: Client, cafe: Firm) -> None:
    answer = bruno.post(publish(cafe.aurora.version), follow=True)
    assert "This version is published already." in answer.content.decode()


@pytest.mark.parametrize(("kind", "number"), [("minor", "1.1"), ("major", "2.0")])
def test_a_new_version_begins_with_the_same_texts(bruno: Client, cafe: Firm, kind: str, number: str) -> None:
    cafe.draft.delete()
    begin(bruno, cafe.aurora.version, kind)
    draft = NoticeVersion.objects.get(state=State.DRAFT)
    assert draft.number == number
    assert draft.wordings == cafe.aurora.version.wordings


def test_there_is_one_draft_at_a_time(bruno: Client, cafe: Firm) -> None:
    answer = begin(bruno, cafe.aurora.version, "minor")
    assert answer.redirect_chain[-1][0] == change(cafe.draft)
    assert "There is a draft already" in answer.content.decode()


def test_a_draft_can_be_thrown_away(bruno: Client, cafe: Firm) -> None:
    path = reverse("admin:consent_noticeversion_delete", args=[cafe.draft.pk])
    assert bruno.get(path).status_code == 200
    answer = bruno.post(path, {"post": "yes"}, follow=True)
    assert "was deleted" in answer.content.decode()
    assert not NoticeVersion.objects.filter(pk=cafe.draft.pk).exists()


def test_an_auditor_reads_and_writes_nothing(auditor: Client, cafe: Firm) -> None:
    page = auditor.get(change(cafe.draft)).content.decode()
    assert "Draft of Café Aurora" in page
    assert "<textarea" not in page
    assert auditor.post(change(cafe.draft), typed()).status_code == 403
    assert auditor.get(publish(cafe.draft)).status_code == 403
    assert auditor.post(publish(cafe.draft)).status_code == 403
    assert begin(auditor, cafe.aurora.version, "minor").status_code == 403
    assert auditor.get(reverse("admin:consent_notice_change", args=[cafe.draft.notice_id])).status_code == 200


def test_versions_are_listed_with_their_notice(bruno: Client) -> None:
    answer = bruno.get(reverse("admin:consent_noticeversion_changelist"))
    assert answer["Location"] == reverse("admin:consent_notice_changelist")
