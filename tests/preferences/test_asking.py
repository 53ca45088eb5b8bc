"""A person asks about their data alone: gets all of it, of nobody else, and follows what becomes of a request."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from consent import codes as guesses
from consent import erasure, inbound, opening, recording, rights, vault
from consent.audits import drawing
from consent.canonical import canonical
from consent.contact import Contact
from consent.inbound import Delivery
from consent.models import (
    AuditItem,
    AuditSample,
    Call,
    ConsentRecord,
    ContactTrouble,
    Hold,
    Opening,
    OutboundMessage,
    PaperBatch,
    PaperFile,
    PaperPage,
    PersonSource,
    RightsRequest,
    Sending,
)
from consent.preferences import archive, asking, visits
from consent.recording import File, Recorded, Telling
from consent.sample import Sample
from tests import cast, staff
from tests.capture.conftest import codes, text
from tests.preferences.conftest import anybodys, own, path

type Send = Callable[..., Any]


def page(said: Recorded) -> str:
    return f"{own(said.act)}rights/aurora/"


def ask(client: Client, said: Recorded, kind: str, **fields: str) -> Any:
    return client.post(page(said), {"kind": kind, **fields})


def seed(aurora: Sample, contact: Contact, canary: str) -> UUID:
    """Somebody with a canary in every table that holds anything of a person."""
    told = Telling(kind="ask", sender=aurora.sender, text=f"{canary} message")
    scan = File(name=f"{canary}.png", media_type="image/png", content=f"{canary} scan".encode())
    recorded = recording.record(
        cast.event(
            aurora, contact=contact, files=(scan,), evidence={"text": f"{canary} evidence", "number": contact.value}
        ),
        tell=lambda _act: [told],
    )  # fmt: skip
    now, subject = timezone.now(), recorded.subject
    fields = {
        "AccountSid": "A",
        "From": contact.value,
        "To": aurora.sender.address,
        "Body": f"{canary} wrote",
    }
    inbound.keep(
        Delivery(
            door="sms",
            provider="twilio",
            event=("A", canary),
            parameters=fields,
            received_at=now,
            contact=contact,
        ),
        "answered",
        sender=aurora.sender,
    )
    held = Hold(
        id=vault.new_id(), company=aurora.company, sender=aurora.sender, subject=subject, channel="sms",
        kind="unsure", said_at=now,
    )  # fmt: skip
    key = opening.key_of(subject)
    held.sealed = vault.seal(
        key, item=b"hold" + held.pk.bytes, plaintext=canonical({"text": f"{canary} held"})
    )
    held.save()
    ContactTrouble.objects.create(
        company=aurora.company, subject=subject, number_key=vault.number_key(contact), channel="sms",
        kind="limited", cause=canary[:8], since=now, seen_at=now,
    )  # fmt: skip
    Sending.objects.create(
        id=vault.new_id(),
        company=aurora.company,
        subject=subject,
        channel="sms",
        purpose=aurora.purposes["novidades"],
        digest=canary.encode()[:32],
        sent_at=now,
    )
    somebody, _new = User.objects.get_or_create(username="staff")
    Opening.objects.create(user=somebody, company=aurora.company, subject=subject, act=recorded.act)
    visits.begin(contact, language="en", now=now)
    rights.ask(
        aurora.company, subject, "correct", possession="link", language="en", at=now, name=f"{canary} name",
        text=f"{canary} wish",
    )  # fmt: skip
    hold = rights.hold(aurora.company, subject, reason="Court", by="staff:1", at=now)
    assert hold is not None
    seed_what_names_no_words(aurora, recorded, canary)
    return recorded.act


def seed_what_names_no_words(aurora: Sample, recorded: Recorded, canary: str) -> None:
    """Rows that lead to a person only by their ids."""
    now, act = timezone.now(), recorded.act
    guesses.take(act, number_key=vault.number_key(cast.CLARA), now=now)
    Call.objects.create(id=vault.new_id(), sender=aurora.sender, started_at=now, act=act)
    PersonSource.objects.create(
        company=aurora.company, subject=recorded.subject, channel="sms", method=canary, language="en",
        entity="subject", agreed_at=now,
    )  # fmt: skip
    clerk = User.objects.get(username="staff")
    sample = AuditSample.objects.first() or drawing.draw(
        aurora.company, first_day=date(2000, 1, 1), last_day=date(2100, 1, 1), asked=1, seed="seed",
        user=clerk.pk, at=now + timedelta(seconds=1),
    )  # fmt: skip
    record = ConsentRecord.objects.get(uid=recorded.records[0])
    if not AuditItem.objects.filter(record=record).exists():
        AuditItem.objects.create(sample=sample, number=record.pk, record=record)
    batch = PaperBatch.objects.create(
        company=aurora.company, point=aurora.point, version=aurora.version, language="en", place="Shop",
        made_by="staff:1", made_at=now,
    )  # fmt: skip
    file = PaperFile.objects.create(
        id=vault.new_id(), batch=batch, name=b"", size=1, by="staff:1", created_at=now
    )
    PaperPage.objects.create(
        id=vault.new_id(), batch=batch, file=file, number=0, media_type="image/png", state="committed",
        act=act, serial=canary, committed_at=now,
    )  # fmt: skip


# Under which part of the archive a table's rows stand. A new table fails the test until it is decided about.
INCLUDED = {
    "Act": "records", "ConsentRecord": "records", "ContactPoint": "contacts", "Evidence": "evidence",
    "EvidenceFile": "files", "OutboundMessage": "messages_to_you", "InboundMessage": "messages_from_you",
    "Hold": "unclear_messages", "ContactTrouble": "delivery_troubles", "Sending": "sendings",
    "PaperPage": "paper_pages", "Call": "calls", "CodeTry": "code_tries", "PersonSource": "sources",
    "AuditItem": "drawn_for_checks", "Opening": "opened_by_staff", "Visit": "visits",
    "RightsRequest": "requests", "LegalHold": "legal_holds",
}  # fmt: skip
COMPANYS = "the company's own, about nobody it asks"
COUNTED = "counts, or what a provider says of a sender; leads to no person"
IN_THE_LOG = "bytes of records that stand in the archive as records; leads to a person only through those"
NOT_YET = (
    "rows and pages that staff have not recorded: sealed as a file of the company, nobody's until then; they become"
    " records, which stand in the archive, or go"
)
EXCLUDED = {
    **dict.fromkeys(["Company", "Sender", "Purpose", "CapturePoint", "Offer", "Notice", "NoticeVersion"], COMPANYS),
    **dict.fromkeys(["MessageTemplate", "Membership", "ApiKey", "Kiosk", "Subscription", "Attempt"], COMPANYS),
    **dict.fromkeys(["ExportSchedule", "AuditSample", "AuditFinding", "PaperBatch", "Reasking", "Poster"], COMPANYS),
    **dict.fromkeys(["NoticeShown", "DecisionCount", "DecisionBatch", "QualityReading", "QualityChange"], COUNTED),
    **dict.fromkeys(["QualityTold", "QualityPoll", "SenderUse", "SenderDay", "SourceCursor", "SourceDay"], COUNTED),
    **dict.fromkeys(["LogPending", "LogEntry", "LogTile", "LogHead", "Checkpoint", "LogEra"], IN_THE_LOG),
    **dict.fromkeys(["Cosignature", "LogWitness"], IN_THE_LOG),
    **dict.fromkeys(["Import", "ImportPart", "ImportFile", "PaperFile", "PaperPiece", "PaperCheck"], NOT_YET),
    "SubjectKey": "the key all of it is sealed with; handed out it would only open what the archive shows anyway",
    "ActOrigin": "through which poster, list or pile an act came; that of a newest yes stands among the sources",
    "Erased": "that nothing is held any more: there is no archive then",
    "ImportErasure": "whom to leave out of a list that waits, once erased: there is no archive then",
    "SandboxJump": "by how much the sandbox lets time pass",
    "SandboxPress": "what was pressed to try the health of a sandbox number",
    "SandboxMessage": "the phone of the sandbox, which is the person's side and no company's",
}  # fmt: skip


def test_every_table_is_decided_about() -> None:
    tables = {model.__name__ for model in apps.get_app_config("consent").get_models()}

    assert tables == INCLUDED.keys() | EXCLUDED.keys()
    assert not INCLUDED.keys() & EXCLUDED.keys()
    assert {*INCLUDED.values()} == archive.TITLES.keys()


def test_the_archive_holds_a_canary_of_every_table_and_of_nobody_else(aurora: Sample, client: Client) -> None:
    act = seed(aurora, cast.ANA, "ANACANARY")
    seed(aurora, cast.BRUNO, "BRUNOCANARY")
    answer = client.post(f"{own(act)}rights/aurora/", {"kind": "access"})
    followed = client.get(path(answer["Location"]).partition("?")[0])
    assert "Download everything" in text(client.get(f"{path(answer['Location']).partition('?')[0]}?lang=en"))
    assert followed.status_code == 200

    zipped = client.get(f"{path(answer['Location']).partition('?')[0]}everything.zip")
    assert (zipped.status_code, zipped["Cache-Control"]) == (200, "no-store")
    opened = zipfile.ZipFile(io.BytesIO(zipped.content))
    whole = b"\n".join(opened.read(name) for name in opened.namelist())
    held = json.loads(opened.read("data.json"))

    assert {len(held[part]) for part in INCLUDED.values()} == {1, 2}  # of Bruno's rows none
    assert {part for part in INCLUDED.values() if len(held[part]) == 2} == {"requests"}
    for part in ("evidence", "message", "wrote", "held", "scan", "name", "wish"):
        assert f"ANACANARY {part}".encode() in whole, part
    assert cast.ANA.value.encode() in whole
    assert b"BRUNOCANARY" not in whole
    assert cast.BRUNO.value.encode() not in whole
    readable = opened.read("read-me.html").decode()
    for part in ("evidence", "message", "wrote", "held", "name"):
        assert f"ANACANARY {part}" in readable, part


def test_the_page_in_the_archive_has_words_of_its_reader(aurora: Sample, client: Client) -> None:
    act = seed(aurora, cast.ANA, "ANACANARY")
    answer = client.post(f"{own(act)}rights/aurora/", {"kind": "access"})
    zipped = client.get(f"{path(answer['Location']).partition('?')[0]}everything.zip?lang=es")
    page = zipfile.ZipFile(io.BytesIO(zipped.content)).read("read-me.html").decode()
    assert "<dt>Días que vale</dt>" in page
    assert "<dd>dado</dd>" in page
    assert re.search(r"<dd>[0-9]+ de [a-z]+ de 20[0-9]{2} a las [0-9:]+ UTC</dd>", page)
    assert "valid days" not in page


def test_access_twice_is_the_same_while_it_can_be_downloaded_and_after_erasure_nothing_is_held(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    first = path(ask(client, said, "access")["Location"]).partition("?")[0]
    assert client.get(f"{first}everything.zip").status_code == 200
    with time_machine.travel(timezone.now() + asking.ARCHIVE_LIVES, tick=False):
        assert client.get(f"{first}everything.zip").status_code == 404
    erasure.erase(said.subject, company=aurora.company, entity="staff:1")

    assert client.get(f"{first}everything.zip").status_code == 404
    assert client.get(first).status_code == 200
    assert client.get(page(said)).status_code == 404
    assert "Nothing is held about you" in text(client.get(f"{own(said.act)}?lang=en"))


def test_an_objection_ends_what_rests_on_consent_at_once(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    assert ask(client, said, "object").status_code == 303

    assert cast.may(aurora).reason == "withdrawn"
    assert RightsRequest.objects.get().state == "open"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": ""}, "right.unknown"),
        ({"kind": "everything"}, "right.unknown"),
        ({"kind": "correct"}, "name.required"),
        ({"kind": "correct", "name": "A\0"}, "form.bad_character"),
        ({"kind": "sharing", "text": "\0"}, "form.bad_character"),
    ],
)
def test_what_is_no_request_is_shown_again(
    client: Client, said: Recorded, fields: dict[str, str], code: str
) -> None:
    answer = client.post(page(said), fields)

    assert (answer.status_code, codes(answer)) == (422, [code])
    assert not RightsRequest.objects.exists()


def test_only_whoever_proved_the_number_may_ask(client: Client, said: Recorded) -> None:
    assert client.get(f"{anybodys(said.act)}rights/aurora/").status_code == 404
    assert client.get(f"{own(said.act)}rights/horizonte/").status_code == 404
    assert client.get(page(said)).status_code == 200


@pytest.mark.parametrize("token", ["x", "A" * 43])
def test_a_request_is_followed_by_its_own_address_only(client: Client, aurora: Sample, token: str) -> None:
    assert client.get(f"/rights/{token}/").status_code == 404
    assert client.get(f"/rights/{token}/everything.zip").status_code == 404


def test_an_erasure_from_the_request_to_the_certificate_with_a_legal_hold_in_between(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    follow = path(ask(client, said, "erase", text="Please")["Location"]).partition("?")[0]
    made = RightsRequest.objects.get()
    boss = staff.signed_in(
        staff.user("boss", "Staff", "Opens personal data", "Erases people", company=aurora.company)
    )
    change, answer = (f"/admin/consent/rightsrequest/{made.pk}/{end}/" for end in ("change", "answer"))
    held = f"/admin/consent/consentrecord/person/{said.subject}/legal-hold/"
    assert "What is asked" in text(boss.get(change))
    assert "Please" not in text(boss.get(change))
    assert "Please" in text(boss.post(change.replace("change", "open")))

    assert boss.post(held, {"reason": " "}).status_code == 422
    assert boss.post(held, {"reason": "Court 7"}).status_code == 302
    refused = boss.post(answer, {"state": "done"})
    assert (refused.status_code, "legal hold forbids" in text(refused)) == (409, True)
    assert boss.post(answer, {"state": "extended", "text": ""}).status_code == 422
    assert boss.post(answer, {"state": "extended", "text": "We need time."}).status_code == 302
    told = text(client.get(f"{follow}?lang=en"))
    assert "We need time." in told
    assert "Court" not in told
    assert boss.post(f"/admin/consent/consentrecord/person/{said.subject}/erase/").status_code == 302
    assert cast.may(aurora).allow

    assert "Court 7" in text(boss.get(held))
    assert boss.post(held).status_code == 302
    assert boss.post(answer, {"state": "done"}).status_code == 302
    assert cast.may(aurora).reason == "no_record"
    page = client.get(f"{follow}?lang=en")
    assert "It is done." in text(page)
    assert "/e/" in page.content.decode()
    assert "erased" in text(boss.post(change.replace("change", "open")))
    assert boss.post(answer, {"state": "refused", "text": "No."}).status_code == 302
    assert RightsRequest.objects.get().state == "done"
    assert not OutboundMessage.objects.exclude(sealed=b"").exists()


def test_staff_answer_in_words_of_their_own_or_in_ours(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    follow = path(ask(client, said, "sharing")["Location"]).partition("?")[0]
    made = RightsRequest.objects.get()
    answer = f"/admin/consent/rightsrequest/{made.pk}/answer/"
    reader = staff.signed_in(staff.user("reader", "Auditor", company=aurora.company))
    assert reader.post(answer, {"state": "done"}).status_code == 403
    clerk = staff.signed_in(staff.user("clerk", "Staff", company=aurora.company))
    assert "Nobody has asked" not in text(clerk.get("/admin/consent/rightsrequest/"))
    assert clerk.post(answer, {"state": "maybe"}).status_code == 404
    assert clerk.post(answer, {"state": "done"}).status_code == 302

    assert "We share your data with nobody" in text(client.get(f"{follow}?lang=en")) or "Não" in text(
        client.get(follow)
    )


def test_what_is_due_soon_stands_on_the_first_page_and_what_is_late_says_so(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    ask(client, said, "sharing")
    made = RightsRequest.objects.get()
    clerk = staff.signed_in(staff.user("clerk", "Staff", company=aurora.company))
    assert "due within five days" not in text(clerk.get("/admin/"))
    RightsRequest.objects.update(due_at=timezone.now() - (made.due_at - made.made_at) / 100)

    assert "due within five days" in text(clerk.get("/admin/"))
    assert "overdue" in text(clerk.get("/admin/consent/rightsrequest/"))
    assert "Overdue" in text(clerk.get(f"/admin/consent/rightsrequest/{made.pk}/change/"))


def test_a_mistake_is_marked_where_it_is_and_nothing_typed_is_lost(aurora: Sample, client: Client) -> None:
    answer = ask(client, cast.says(aurora), "correct", text="It is spelled <wrong>", lang="en")

    assert answer.status_code == 422
    assert 'name="name" value=""' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "It is spelled &lt;wrong&gt;</textarea>" in answer.text
