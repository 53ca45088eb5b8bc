"""Staff see a list that cannot be worked on, what to do about it, and close it where nothing helps."""

import pytest
from django.test import Client
from django.urls import reverse

from consent.imports import keeping, steps, verdicts
from consent.models import Import, ImportPart
from tests.imports import lists
from tests.staff import Firm

ROWS = "".join(f"119876500{number:02},2024-03-01\n" for number in range(6))
LIST = f"tel,date\n{ROWS}"


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PART", 2)


def test_a_list_whose_name_does_not_open_can_be_seen_and_undone(bruno: Client, cafe: Firm) -> None:
    batch = lists.bring(cafe.aurora, LIST)
    Import.objects.filter(pk=batch.pk).update(sealed=b"broken")
    address = reverse("admin:consent_import_change", args=[batch.pk])

    for shown in (
        bruno.get(reverse("admin:consent_import_changelist")),
        bruno.get(address),
        bruno.post(reverse("admin:consent_import_map", args=[batch.pk])),
    ):
        assert shown.status_code == 200
    assert str(verdicts.TROUBLES["seal.broken"]) in bruno.get(address).content.decode()
    bruno.post(reverse("admin:consent_import_undo", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == "undone"


def test_rows_that_do_not_open_are_not_shown(bruno: Client, cafe: Firm) -> None:
    batch = lists.bring(cafe.aurora, LIST, entity=f"staff:{bruno.session['_auth_user_id']}")
    address = reverse("admin:consent_import_change", args=[batch.pk])
    assert "11987650001" in bruno.get(address).content.decode()
    ImportPart.objects.update(sealed=b"broken")
    shown = bruno.get(address)
    assert shown.status_code == 200
    assert "11987650001" not in shown.content.decode()


def test_staff_see_it_where_they_begin_and_close_it_on_its_page(bruno: Client, cafe: Firm) -> None:
    batch = lists.bring(cafe.aurora, LIST)
    lists.try_out(batch)
    ImportPart.objects.filter(batch=batch, number=1).update(sealed=b"broken")
    steps.commit(batch, entity="staff:1", at=batch.created_at)
    lists.work(batch)
    assert "An imported list cannot be worked on." in bruno.get(reverse("admin:index")).content.decode()
    page = bruno.get(reverse("admin:consent_import_change", args=[batch.pk])).content.decode()
    assert str(verdicts.TROUBLES["seal.broken"]) in page
    assert "Close this list" in page

    bruno.post(reverse("admin:consent_import_leave", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == "done"
    assert "An imported list cannot be worked on." not in bruno.get(reverse("admin:index")).content.decode()
