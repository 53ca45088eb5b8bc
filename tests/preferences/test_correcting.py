"""A name that was corrected is what people see from then on; what was said before stays as it was."""

import io
import json
import zipfile

import pytest
from django.test import Client
from django.utils import timezone

from consent import erasure, receipts, rights
from consent.models import LogPending, RightsRequest
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast, staff
from tests.capture.conftest import text
from tests.preferences.conftest import own, path

WRITTEN, CORRECTED = "Ana Sousa", "Ana Souza"


@pytest.fixture
def clerk(aurora: Sample) -> Client:
    return staff.signed_in(staff.user("clerk", "Staff", "Opens personal data", company=aurora.company))


def ask(client: Client, said: Recorded, name: str = WRITTEN) -> RightsRequest:
    client.post(f"{own(said.act)}rights/aurora/", {"kind": "correct", "name": name})
    return RightsRequest.objects.latest("made_at")


def grant(clerk: Client, made: RightsRequest, **said: str) -> int:
    address = f"/admin/consent/rightsrequest/{made.pk}/answer/"
    return clerk.post(address, {"state": "done", **said}).status_code


def archive_of(client: Client, said: Recorded) -> zipfile.ZipFile:
    asked = client.post(f"{own(said.act)}rights/aurora/", {"kind": "access"})
    address = path(asked["Location"]).partition("?")[0]
    return zipfile.ZipFile(io.BytesIO(client.get(f"{address}everything.zip").content))


def test_page_receipts_and_export_show_the_corrected_name(
    aurora: Sample, client: Client, clerk: Client, said: Recorded
) -> None:
    made = ask(client, said)
    assert WRITTEN not in text(client.get(own(said.act)))
    assert grant(clerk, made, name=CORRECTED) == 302

    receipt = own(said.act).replace("/preferences/", "/r/")
    assert CORRECTED in text(client.get(own(said.act)))
    assert CORRECTED in text(client.get(receipt))
    zipped = archive_of(client, said)
    held = json.loads(zipped.read("data.json"))
    assert held["name"] == CORRECTED
    assert f"{CORRECTED}</p>" in zipped.read("read-me.html").decode()
    assert held["requests"][0]["asked"]["name"] == WRITTEN  # what they wrote stays as it was
    entries = [json.loads(bytes(one)) for one in LogPending.objects.values_list("data", flat=True)]
    assert next(one["state"] for one in entries if one["type"] == "right_answered") == "done"


def test_whoever_knows_the_weaker_address_is_told_no_name(
    aurora: Sample, client: Client, clerk: Client, said: Recorded
) -> None:

    grant(clerk, ask(client, said))
    weaker = path(receipts.address(said.act))

    assert WRITTEN in text(client.get(own(said.act)))  # left empty it is as they wrote it
    assert WRITTEN not in text(client.get(weaker))
    assert WRITTEN not in text(client.get(weaker.replace("/r/", "/preferences/")))


def test_the_last_correction_counts_and_a_refused_one_does_not(
    aurora: Sample, client: Client, clerk: Client, said: Recorded
) -> None:
    grant(clerk, ask(client, said))
    grant(clerk, ask(client, said, name=CORRECTED))
    assert rights.name_of(said.subject) == CORRECTED

    refused = ask(client, said, name="Somebody Else")
    clerk.post(f"/admin/consent/rightsrequest/{refused.pk}/answer/", {"state": "refused", "text": "No proof"})
    assert rights.name_of(said.subject) == CORRECTED
    opened = clerk.post(f"/admin/consent/rightsrequest/{refused.pk}/open/")
    assert CORRECTED in text(opened)


@pytest.mark.parametrize("name", ["a\nb", "\0", "x" * 5000])
def test_a_name_that_is_none_changes_nothing(
    aurora: Sample, client: Client, clerk: Client, said: Recorded, name: str
) -> None:
    made = ask(client, said)

    assert grant(clerk, made, name=name) == 422
    assert RightsRequest.objects.get(pk=made.pk).state == "open"


def test_an_erased_person_has_no_name(aurora: Sample, client: Client, clerk: Client, said: Recorded) -> None:
    grant(clerk, ask(client, said))
    erasure.erase(said.subject, company=aurora.company, entity="staff:1")

    assert rights.name_of(said.subject) == ""
    late = ask_directly(aurora)
    erasure.erase(late.subject, company=aurora.company, entity="staff:1")
    assert rights.answer(late, "done", text="", by="staff:1", at=timezone.now(), name=CORRECTED)
    assert rights.name_of(late.subject) == ""


def ask_directly(aurora: Sample) -> RightsRequest:
    subject = cast.says(aurora, cast.BRUNO).subject
    return rights.ask(
        aurora.company, subject, "correct", possession="link", language="en", at=timezone.now(), name=WRITTEN
    )
