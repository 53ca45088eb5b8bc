"""Consent records as staff read them: nothing personal until it is opened, and every opening written down."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import erasure, recording
from consent.models import ConsentRecord, EvidenceFile, Opening
from consent.recording import File
from consent.vocabulary import State
from optin_site.env import Keyring
from tests import cast
from tests.staff import Firm, other_sample, signed_in, user

LIST = "/admin/consent/consentrecord/"
SHOWN = "Shown to Ana."


def record_of(firm: Firm) -> ConsentRecord:
    return ConsentRecord.objects.get(uid=firm.said.records[0])


def page_of(firm: Firm) -> str:
    return reverse("admin:consent_consentrecord_change", args=[record_of(firm).pk])


def opening_of(firm: Firm) -> str:
    return reverse("admin:consent_consentrecord_open", args=[record_of(firm).pk])


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


def test_the_list_holds_nothing_personal(bruno: Client, cafe: Firm) -> None:
    page = text(bruno.get(LIST))
    assert "News and offers" in page
    assert "badge-given" in page
    assert cast.ANA.value not in page
    assert cast.ANA.masked not in page


def test_the_list_shows_the_place_in_the_log(bruno: Client, cafe: Firm) -> None:
    cast.says(cafe.aurora)
    page = text(bruno.get(LIST))
    assert '<td class="field-place">0</td>' in page
    assert "waiting" in page


@pytest.mark.parametrize(
    "query", ["?state=given", "?channel=sms", "?method=website", "?event_time__year=2020"]
)
def test_the_list_is_filtered(bruno: Client, cafe: Firm, query: str) -> None:
    assert bruno.get(LIST + query.replace("state=", "state__exact=")).status_code == 200


def test_a_method_nobody_has_any_more_goes_by_its_slug(bruno: Client, cafe: Firm) -> None:
    cast.says(cafe.aurora, method="carrier-pigeon")
    assert "carrier-pigeon" in text(bruno.get(LIST))


def test_a_record_is_shown_sealed(bruno: Client, cafe: Firm) -> None:
    page = text(bruno.get(page_of(cafe)))
    assert cast.ANA.masked in page
    assert "Yes: the person agreed on" in page
    assert cast.ANA.value not in page
    assert SHOWN not in page
    assert not Opening.objects.exists()


def test_opening_shows_what_was_written_around_it(bruno: Client, cafe: Firm) -> None:
    later = recording.Telling(kind="reply", sender=cafe.aurora.sender, text="You will hear no more.")
    recording.record(
        cast.event(cafe.aurora, state=State.WITHDRAWN, reference="a stop"), tell=lambda _act: [later]
    )
    assert later.text not in text(bruno.get(page_of(cafe)))

    page = text(bruno.post(opening_of(cafe)))

    assert later.text in page.partition("The conversation around it")[2]


def test_opening_shows_the_exact_text_and_is_written_down(bruno: Client, cafe: Firm) -> None:
    before = timezone.now()
    answer = bruno.post(opening_of(cafe))
    page = text(answer)
    for part in (SHOWN, "In two parts.", cast.ANA.value, "News by SMS", "203.0.113.9", "Reply SIM"):
        assert part in page
    assert "no-store" in answer["Cache-Control"]
    opened = Opening.objects.get()
    assert (opened.user.username, opened.company, opened.subject, opened.act) == (
        "bruno", cafe.company, cafe.said.subject, cafe.said.act,
    )  # fmt: skip
    assert opened.opened_at >= before


def test_a_file_of_the_evidence_is_handed_out_and_written_down(
    bruno: Client, auditor: Client, cafe: Firm
) -> None:
    scan = File(name='scan "1".svg', media_type="image/svg+xml", content=b"<svg onload='alert(1)'/>")
    act = cast.says(cafe.aurora, files=(scan,)).act
    record = ConsentRecord.objects.get(act=act)
    address = reverse("admin:consent_evidence_file", args=[EvidenceFile.objects.get(act=act).pk])
    assert address in text(bruno.post(reverse("admin:consent_consentrecord_open", args=[record.pk])))
    assert Opening.objects.count() == 1

    answer = bruno.post(address)

    assert answer.content == scan.content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="scan__1_.svg"'
    assert list(Opening.objects.values_list("subject", "act")) == [(record.subject, act)] * 2
    assert bruno.get(address).status_code == 405
    assert auditor.post(address).status_code == 403
    assert bruno.post(reverse("admin:consent_evidence_file", args=[act])).status_code == 404
    stranger = signed_in(user("of-another", "Staff", "Opens personal data", company=other_sample().company))
    assert stranger.post(address).status_code == 404
    assert Opening.objects.count() == 2

    erasure.erase(record.subject, company=cafe.company, entity="staff:1")
    assert bruno.post(address).status_code == 404


def test_a_link_alone_opens_nothing(bruno: Client, cafe: Firm) -> None:
    answer = bruno.get(opening_of(cafe), follow=True)
    assert answer.redirect_chain == [(page_of(cafe), 302)]
    assert SHOWN not in text(answer)
    assert not Opening.objects.exists()


def test_opening_needs_its_permission(auditor: Client, cafe: Firm) -> None:
    assert "your account may not open it" in text(auditor.get(page_of(cafe)))
    assert auditor.post(opening_of(cafe)).status_code == 403
    assert not Opening.objects.exists()


def test_the_permission_alone_is_not_enough(cafe: Firm) -> None:
    only_opens = signed_in(user("opens", "Opens personal data", company=cafe.company))
    assert only_opens.post(opening_of(cafe)).status_code == 403
    assert not Opening.objects.exists()


def test_an_answer_is_opened_together_with_its_question(bruno: Client, cafe: Firm) -> None:
    answer = cast.says(
        cafe.aurora,
        evidence={"body": "SIM", "answers": [{"act": str(cafe.said.act), "question": "Reply SIM?"}]},
    )
    record = ConsentRecord.objects.get(uid=answer.records[0])
    page = text(bruno.post(reverse("admin:consent_consentrecord_open", args=[record.pk])))
    assert SHOWN in page
    assert "Reply SIM?" in page
    assert set(Opening.objects.values_list("act", flat=True)) == {answer.act, cafe.said.act}


def test_nobodys_question_of_another_person_is_opened_along(bruno: Client, cafe: Firm) -> None:
    answer = cast.says(
        cafe.aurora, cast.BRUNO, evidence={"body": "SIM", "answers": [{"act": str(cafe.said.act)}, "odd"]}
    )
    record = ConsentRecord.objects.get(uid=answer.records[0])
    page = text(bruno.post(reverse("admin:consent_consentrecord_open", args=[record.pk])))
    assert SHOWN not in page
    assert Opening.objects.get().act == answer.act


def test_after_an_erasure_the_record_stays_and_says_so(bruno: Client, cafe: Firm) -> None:
    erasure.erase(cafe.said.subject, company=cafe.company, entity="staff:1")
    assert "erased" in text(bruno.get(page_of(cafe)))
    assert "This person was erased." in text(bruno.post(opening_of(cafe)))


def test_a_lost_key_is_said_and_not_a_crash(bruno: Client, cafe: Firm, settings: Any) -> None:
    settings.OPTIN_KEYRING = Keyring({9: b"n" * 32})
    assert "cannot be opened" in text(bruno.get(page_of(cafe)))
    assert "The seal does not open." in text(bruno.post(opening_of(cafe)))


def test_the_other_records_of_the_act_are_linked(bruno: Client, cafe: Firm) -> None:
    evidence = {"text": "both"}
    said = recording.record(
        cast.event(cafe.aurora, evidence=evidence, reference="two"),
        cast.event(cafe.aurora, evidence=evidence, reference="two", purpose=cafe.aurora.purposes["pedidos"]),
    )
    first, second = ConsentRecord.objects.filter(uid__in=said.records).order_by("arrival")
    page = text(bruno.get(reverse("admin:consent_consentrecord_change", args=[first.pk])))
    assert "Said in the same act" in page
    assert reverse("admin:consent_consentrecord_change", args=[second.pk]) in page


@pytest.mark.parametrize(
    ("entity", "words"),
    [("subject", "the person"), ("staff:7", "staff member 7"), ("app:3", "program with key 3"),
     ("platform:meta", "platform meta"), ("ghost", "ghost")],
)  # fmt: skip
def test_who_acted_is_said_in_words(bruno: Client, cafe: Firm, entity: str, words: str) -> None:
    said = cast.says(cafe.aurora, entity=entity)
    record = ConsentRecord.objects.get(uid=said.records[0])
    assert f"<dd>{words}</dd>" in text(
        bruno.get(reverse("admin:consent_consentrecord_change", args=[record.pk]))
    )


def test_who_acted_is_said_by_name_where_it_is_known(bruno: Client, cafe: Firm) -> None:
    user = User.objects.get(username="bruno")
    said = cast.says(cafe.aurora, entity=f"staff:{user.pk}")
    record = ConsentRecord.objects.get(uid=said.records[0])
    page = text(bruno.get(reverse("admin:consent_consentrecord_change", args=[record.pk])))
    assert f"<dd>bruno, staff member {user.pk}</dd>" in page


def test_records_cannot_be_changed_added_or_deleted(root: Client, cafe: Firm) -> None:
    record = record_of(cafe)
    assert root.get(f"{LIST}add/").status_code == 403
    assert root.post(f"{LIST}add/", {"state": "given"}).status_code == 403
    assert root.post(f"{LIST}{record.pk}/delete/", {"post": "yes"}).status_code == 403
    root.post(page_of(cafe), {"state": "withdrawn"})
    record.refresh_from_db()
    assert record.state == State.GIVEN


@pytest.mark.parametrize("model", ["opening", "logentry", "checkpoint", "outboundmessage", "inboundmessage"])
def test_nothing_of_evidence_can_be_added(model: str, root: Client, cafe: Firm) -> None:
    assert root.get(f"/admin/consent/{model}/add/").status_code == 403


def test_openings_are_listed_for_staff(bruno: Client, cafe: Firm) -> None:
    bruno.post(opening_of(cafe))
    page = text(bruno.get("/admin/consent/opening/"))
    assert "bruno" in page
    assert str(cafe.said.subject) in page
