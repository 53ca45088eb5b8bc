"""A key of one company reads, changes and stops nothing of another, on every route that names something."""

import io
import json

from django.utils import timezone

from consent.api import keys
from consent.imports import keeping
from consent.log import tree
from consent.models import Company, ConsentRecord, Import
from consent.sample import Sample
from tests import cast
from tests.admin.test_isolation import undone
from tests.api.test_schema import OPERATIONS
from tests.capture.test_app import ANA, App, believe
from tests.proof import acts
from tests.staff import other_sample

LIST = b"Telefone,Dia\n11987654321,2026-03-15\n"
COLUMNS = {"contact": "Telefone", "date": "Dia"}
MEANS = {"columns": COLUMNS, "purpose": "novidades", "channel": "sms", "source": "CRM"}


def test_whatever_an_address_names_is_not_there_for_others(aurora: Sample) -> None:
    account = acts.say(aurora)
    tree.sequence()
    batch = keeping.take_in(
        io.BytesIO(LIST),
        name="a.csv",
        size=len(LIST),
        company=aurora.company,
        kind="claims",
        entity="staff:1",
    )
    stranger = Company.objects.create(slug="brisa", name="Brisa", legal_name="Brisa S.A.", country="BR")
    keys.forget()
    client, owner = App(stranger).client, App(aurora.company).client
    theirs = {
        "{point}": aurora.point.slug, "{subject}": account.first.subject, "{act}": account.act,
        "{record}": account.first.uid, "{batch}": batch.pk,
    }  # fmt: skip
    named = [operation for operation in OPERATIONS if "{" in operation]
    for operation in named:
        method, path = operation.split()
        for name, value in theirs.items():
            path = path.replace(name, str(value))
        sent = {"data": json.dumps(MEANS), "content_type": "application/json"}
        answer = client.generic(method, path, **sent)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), operation
        batch.refresh_from_db()
        assert batch.state == Import.State.MAPPING
        with undone():
            said = owner.generic(method, path, **sent)
        # Its own company finds it there; 409 where the list is not that far yet.
        assert said.status_code == 200 or said.json()["code"] == "import.moved", operation

    assert len(named) == 9
    exported = client.get("/api/v1/export")
    assert exported.status_code == 200
    assert len(b"".join(exported).splitlines()) == 1  # the headings


def test_what_was_shown_for_one_company_is_answered_to_no_other(aurora: Sample) -> None:
    believe(aurora)
    keys.forget()
    token = App(aurora.company).point().json()["token"]

    answer = App(other_sample().company).consent(token=token)

    assert (answer.status_code, answer.json()["code"]) == (422, "token.unknown")
    assert not ConsentRecord.objects.exists()


def test_a_stop_at_one_company_stops_no_other(aurora: Sample) -> None:
    cast.says(aurora, event_time=timezone.now())
    keys.forget()

    answer = App(other_sample().company).post("withdrawals", {"contact": ANA})

    assert answer.status_code == 201
    assert cast.may(aurora).allow
    assert App(aurora.company).post("withdrawals", {"contact": ANA}).status_code == 201
    assert not cast.may(aurora).allow
