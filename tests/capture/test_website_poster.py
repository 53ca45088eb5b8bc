"""Whoever comes by a poster of a place counts for it, until their yes; a paused poster asks nobody, the others do."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import catalogue, opening, poster
from consent.models import ActOrigin, ConsentRecord, OutboundMessage, PersonSource, Poster
from consent.quality import sources
from consent.sample import Sample
from tests import cast
from tests.capture.conftest import Visitor
from tests.quality.test_sources import points


@pytest.fixture
def hall(aurora: Sample) -> Poster:
    return Poster.objects.create(point=aurora.point, name="Entrance hall")


@pytest.fixture(autouse=True)
def _records_count_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_settled", lambda: timezone.now() + timedelta(minutes=1))


def query(hall: Poster) -> str:
    return f"lang=pt-BR&p={hall.code}"


def test_a_yes_counts_for_the_poster_whose_question_it_answers(
    visitor: Visitor, aurora: Sample, hall: Poster
) -> None:
    """The form, the question by SMS and the answer to it: three steps, one poster."""
    page = visitor.open(query(hall))
    written = page.content.decode()
    assert f'action="?lang=pt-BR&amp;p={hall.code}&amp;sent=1"' in written
    assert f'"?p={hall.code}&amp;lang=es"' in written
    assert visitor.send(query=query(hall)).status_code == 303
    request = ConsentRecord.objects.get()
    assert ActOrigin.objects.get().act == request.act_id
    assert opening.evidence_of(request.act_id)["poster"] == hall.code
    OutboundMessage.objects.update(state="sent", sent_at=timezone.now())
    cast.writes(aurora, "SIM")
    sources.drain()
    person = PersonSource.objects.get()
    assert (person.method, person.origin) == ("website", f"poster:{hall.pk}")


def test_an_old_poster_without_a_code_and_a_code_of_nobody_bring_people_all_the_same(
    visitor: Visitor, aurora: Sample, hall: Poster
) -> None:
    [point] = points(aurora, 1)
    elsewhere = Poster.objects.create(point=point, name="Elsewhere")
    for number, wanted in enumerate(("", "p=zzzzzz", "p=%00", f"p={'z' * 99}", f"p={elsewhere.code}")):
        visitor.open(f"lang=pt-BR&{wanted}")
        fields = visitor.fields(phone=f"(11) 98765-43{number:02}")
        assert visitor.send(fields, query=f"lang=pt-BR&{wanted}").status_code == 303
    assert ConsentRecord.objects.count() == 5
    assert not ActOrigin.objects.exists()


def test_a_paused_poster_asks_nobody_and_the_others_go_on(
    visitor: Visitor, aurora: Sample, hall: Poster
) -> None:
    door = Poster.objects.create(point=aurora.point, name="Door")
    visitor.open(query(hall))
    fields = visitor.fields()
    Poster.objects.filter(pk=hall.pk).update(is_open=False)
    catalogue.forget()
    assert visitor.open(query(hall)).status_code == 410
    assert visitor.send(fields, query=query(hall)).status_code == 410
    assert not ConsentRecord.objects.exists()
    for others in (query(door), "lang=pt-BR"):
        assert visitor.open(others).status_code == 200
    assert visitor.send(query=query(door)).status_code == 303


def test_a_poster_says_its_code_in_its_address_alone(aurora: Sample, hall: Poster) -> None:
    ask = catalogue.ask(aurora.company.slug, aurora.point.slug)
    assert ask is not None
    assert poster.address(aurora.point, hall) == f"{poster.address(aurora.point)}?p={hall.code}"
    plain, own = poster.inputs(ask, "en"), poster.inputs(ask, "en", hall)
    assert plain != own
    assert hall.code not in own["content"], "people read and type the short address"
    assert poster.qr_svg(aurora.point) != poster.qr_svg(aurora.point, hall)


@pytest.mark.parametrize("kind", ["known", "unknown"])
def test_a_code_costs_one_query_and_then_none(aurora: Sample, hall: Poster, kind: str, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    code = hall.code if kind == "known" else "zzzzzz"
    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            assert (catalogue.poster(aurora.point, code) == hall) is (kind == "known")
        assert catalogue.poster(aurora.point, "") is None
    assert len(asked) == 1
