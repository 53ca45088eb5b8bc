"""Whoever is erased leaves lists that are not recorded yet, whatever step they are at."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.utils import timezone

from consent import erasure, vault
from consent.imports import attachments, forgetting, keeping, steps, working
from consent.imports.judging import Memory
from consent.models import ConsentRecord, ContactPoint, Import, ImportErasure, ImportFile
from consent.sample import Sample
from tests import cast
from tests.imports import lists

LIST = (
    "nome,celular,quando,anexo\n"
    "Ana Sample,(11) 98765-4321,2024-03-15,ana.pdf\n"
    f"Bruno,{cast.BRUNO.value},2024-03-15,bruno.pdf\n"
    "Ana again,5511987654321,2024-04-15,\n"
)


def erase_ana(aurora: Sample) -> None:
    said = cast.says(aurora, channel="voice")
    erasure.erase(said.subject, company=aurora.company, entity="staff:1")


def sealed(batch: Any) -> str:
    return json.dumps([keeping.rows_of(part) for part in batch.parts.select_related("batch")])


@pytest.mark.parametrize("step", ["mapping", "checked"])
def test_the_rows_of_whoever_is_erased_are_dropped(aurora: Sample, step: str) -> None:
    batch = lists.bring(aurora, LIST)
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name in ("ana", "bruno"):
            archive.writestr(f"{name}.pdf", f"%PDF-{name}")
    into.seek(0)
    attachments.attach(batch, into, size=1000)
    if step == "checked":
        assert lists.try_out(batch) == {"given": 2, "already_given": 1}
    assert "98765-4321" in sealed(batch)

    erase_ana(aurora)
    lists.work(batch)

    assert batch.state == step
    assert "98765-4321" not in sealed(batch)
    assert "5511987654321" not in sealed(batch)
    assert "Ana" not in sealed(batch)
    assert ImportFile.objects.count() == 1
    assert not ImportErasure.objects.exists()
    if step == "mapping":
        lists.try_out(batch)
    assert lists.record(batch) == {"person.erased": 2, "given": 1}
    assert not ContactPoint.objects.filter(lookup=vault.lookup(aurora.company.pk, cast.ANA)).exists()
    assert lists.verdicts(batch) == {2: "person.erased", 3: "given", 4: "person.erased"}


def test_an_erasure_in_the_middle_of_recording_is_in_time(aurora: Sample, monkeypatch: Any) -> None:
    monkeypatch.setattr(keeping, "PART", 1)
    batch = lists.bring(aurora, f"fone,data\n{cast.BRUNO.value},2024-03-15\n{cast.ANA.value},2024-03-15\n")
    lists.try_out(batch)
    steps.commit(batch, entity="staff:1", at=batch.created_at)
    monkeypatch.setattr(working, "AT_ONCE", 0.0)  # one part at a time
    assert working.drain() == 1

    erase_ana(aurora)

    assert lists.work(batch) == {"given": 1, "person.erased": 1}
    assert ConsentRecord.objects.filter(method="import").count() == 1


def test_what_was_read_before_somebody_else_dropped_rows_of_it_is_not_recorded(aurora: Sample) -> None:
    batch = lists.bring(aurora, f"fone,data\n{cast.BRUNO.value},2024-03-15\n{cast.ANA.value},2024-03-15\n")
    lists.try_out(batch)
    steps.commit(batch, entity="staff:1", at=batch.created_at)
    [(part, read)] = working._parts(batch)
    erase_ana(aurora)
    assert not working._step(part, read, Memory())
    forgetting.forget(batch, at=timezone.now())
    assert not working._step(part, read, Memory())
    assert not ConsentRecord.objects.filter(method="import").exists()

    Import.objects.update(lease_until=None)  # of whoever dropped them
    assert lists.work(batch) == {"given": 1, "person.erased": 1}


def test_an_export_of_another_installation_is_searched_as_well(aurora: Sample) -> None:
    row = {
        "record": str(vault.new_id()), "contact": cast.ANA.value, "purpose": "novidades", "channel": "sms",
        "state": "given", "possession": "code", "valid_days": 0, "event_time": "2026-01-01T00:00:00+00:00",
        "clock": "",
    }  # fmt: skip
    batch = lists.bring(aurora, json.dumps(row) + "\n" + json.dumps(row | {"contact": "x", "record": "1"}))
    erase_ana(aurora)
    assert forgetting.is_due(batch)
    lists.work(batch)
    assert cast.ANA.value not in sealed(batch)


def test_other_companies_and_other_people_keep_their_rows(aurora: Sample) -> None:
    batch = lists.bring(aurora, LIST)
    said = cast.says(aurora, cast.CLARA)
    erasure.erase(said.subject, company=aurora.company, entity="staff:1")
    lists.work(batch)
    assert "98765-4321" in sealed(batch)
    assert not ImportErasure.objects.exists()


def test_a_list_that_is_undone_has_nobody_left_to_drop(aurora: Sample) -> None:
    batch = lists.bring(aurora, LIST)
    erase_ana(aurora)
    steps.undo(batch, entity="staff:1", at=batch.created_at)
    assert not ImportErasure.objects.exists()
    assert working.drain() == 0
