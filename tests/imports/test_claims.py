"""What rows of a list become: claims with their own date, which never revive a stop nor change a date."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from consent import opening
from consent.errors import BadInput
from consent.imports import keeping, steps, working
from consent.models import ConsentRecord, Import, ImportPart, LogPending, Purpose
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State
from tests import cast
from tests.cast import ANA, BRUNO, CLARA, at
from tests.imports import lists
from tests.staff import other_sample

HEADINGS = "Nome;Celular (WhatsApp);Dt. Cadastro;Onde foi\n"


def test_a_list_with_odd_headings_and_national_numbers_becomes_records(aurora: Sample) -> None:
    batch = lists.bring(
        aurora,
        HEADINGS + "Ana;(11) 98765-4321;15/03/2024;Loja 3\nBruno;21 97654 3210;02/01/2025 09:30;Site\n",
    )

    assert keeping.about(batch).columns.columns == {"contact": 1, "date": 2, "source": 3}
    assert lists.try_out(batch) == Counter(given=2)
    assert not cast.may(aurora).allow, "a dry run records nothing"
    assert lists.record(batch) == Counter(given=2)

    record = ConsentRecord.objects.order_by("arrival").first()
    assert record is not None
    assert (record.method, record.possession, record.entity) == ("import", Possession.CLAIM, "staff:1")
    assert record.event_time == datetime(2024, 3, 15, 3, tzinfo=UTC), "the start of that day in São Paulo"
    evidence = opening.evidence_of(record.act_id)
    assert (evidence["source"], evidence["written"], evidence["row"]) == ("Loja 3", "(11) 98765-4321", 2)
    assert cast.may(aurora, BRUNO).allow


def test_each_row_gets_the_verdict_it_deserves(aurora: Sample) -> None:
    cast.says(aurora, BRUNO, event_time=at("2023-01-01 12:00"))
    cast.stops(aurora, CLARA)
    rows = [
        ("+5511987654321,2024-03-01,yes,R1", "given"),
        ("11987654321,2024-03-01,sim,R1", "duplicate"),
        ("11987654321,2024-09-01,sim,R1", "already_given"),
        ("5521976543210,2021-01-01,sí,R1", "already_given"),
        ("+573001234567,2024-01-01,yes,R1", "stopped"),
        ("+5511987650001,2024-01-01,no,R1", "withdrawn"),
        ("+5511987650001,2024-06-01,yes,R1", "stopped"),
        (",2024-01-01,yes,R1", "contact.missing"),
        ("5.51199E+12,2024-01-01,yes,R1", "phone.scientific"),
        ("12345,2024-01-01,yes,R1", "phone.not_possible"),
        ("+8613812345678,2024-01-01,yes,R1", "phone.country_not_enabled"),
        ("+8613812345678,2024-01-01,no,R1", "withdrawn"),
        ("=cmd|'/C calc'!A0,2024-01-01,yes,R1", "phone.bad_character"),
        ("+5511987650002,2094-01-01,yes,R1", "date.future"),
        ("+5511987650002,9999-12-31 23:59,yes,R1", "date.future"),
        ("+5511987650002,1971-01-01,yes,R1", "date.too_old"),
        ("+5511987650002,2024-02-30,yes,R1", "date.unreadable"),
        ("+5511987650002,,yes,R1", "date.missing"),
        ("+5511987650002,2024-01-01,maybe,R1", "state.unknown"),
        ("+5511987650002,2024-01-01,yes,", "evidence.missing"),
        ("+5511987650002,2024-01-01,yes,R\x001", "row.bad_character"),
        (f"+5511987650002,2024-01-01,yes,{'x' * 5000}", "row.too_long"),
        (f"+5511987650002,2024-01-01,yes,{'x' * 250_000}", "row.too_long"),
        ("+5511987650003,2024-01-01 10:00:00-03:00,yes,=1+1", "given"),
        ("5511987650004.0,2024-01-01T10:00:00Z,1,R1", "given"),
    ]  # fmt: skip
    batch = lists.bring(aurora, "tel,date,opt-in,folio\n" + "".join(f"{row}\n" for row, _ in rows))

    expected = {number: verdict for number, (_row, verdict) in enumerate(rows, start=2)}
    lists.try_out(batch, source="")
    assert lists.verdicts(batch) == expected
    assert not LogPending.objects.filter(data__contains=b'"method":"import"').exists()
    lists.record(batch)
    assert lists.verdicts(batch) == expected
    assert not cast.may(aurora, CLARA).allow
    assert ConsentRecord.objects.filter(method="import", state=State.GIVEN).count() == 3


def test_the_same_list_again_changes_nothing(aurora: Sample) -> None:
    rows = ["11987654321,2024-03-01\n", "21976543210,2024-03-02\n"]
    first = lists.bring(aurora, "tel,date\n" + "".join(rows))
    with pytest.raises(BadInput) as refused:
        lists.bring(aurora, "tel,date\n" + "".join(rows))
    assert (refused.value.code, refused.value.status) == ("file.same", 409)
    lists.try_out(first)
    lists.record(first)
    again = lists.bring(aurora, "tel,date\n" + "".join(reversed(rows)))

    assert lists.try_out(again) == Counter(duplicate=2)
    assert lists.record(again) == Counter(duplicate=2)
    assert ConsentRecord.objects.count() == 2


def test_what_the_columns_meant_is_remembered(aurora: Sample) -> None:
    first = lists.bring(aurora, "a,b,c\n11987654321,x,03/04/2024\n")
    lists.try_out(first, columns={"contact": 0, "date": 2, "evidence": 1}, day_first=False, source="Old CRM")

    known = keeping.about(lists.bring(aurora, "a,b,c\n21976543210,y,05/06/2024\n")).columns

    assert (known.columns, known.day_first, known.source) == (
        {"contact": 0, "date": 2, "evidence": 1},
        False,
        "Old CRM",
    )


def test_opt_outs_are_withdrawals_at_once_whatever_the_number(aurora: Sample) -> None:
    cast.says(aurora)
    cast.says(aurora, BRUNO)
    batch = lists.bring(aurora, "number\n11987654321\n+999123456789\nnobody\n", kind=lists.OPT_OUTS)

    assert lists.try_out(batch, purpose="", channel="all") == Counter(
        {"withdrawn": 2, "phone.bad_character": 1}
    )
    assert batch.state == Import.State.DONE
    assert not cast.may(aurora).allow
    assert cast.may(aurora, BRUNO).allow
    assert set(ConsentRecord.objects.filter(state=State.WITHDRAWN).values_list("channel", "purpose")) == {
        (channel, None) for channel in Channel.values
    }


def test_opt_outs_without_a_date_take_back_what_was_agreed_to_since_and_repeat_nothing_else(
    aurora: Sample,
) -> None:
    cast.says(aurora)
    everything = {"purpose": "", "channel": "all"}
    first = lists.bring(aurora, "number\n11987654321\n21976543210\n", kind=lists.OPT_OUTS)
    assert lists.try_out(first, **everything) == Counter(withdrawn=2)
    again = lists.bring(aurora, "number\n21976543210\n11987654321\n", kind=lists.OPT_OUTS)
    assert lists.try_out(again, **everything) == Counter(duplicate=2)
    cast.says(aurora)
    assert cast.may(aurora).allow

    third = lists.bring(aurora, "tel\n11987654321\n21976543210\n11987654321\n", kind=lists.OPT_OUTS)
    assert lists.try_out(third, **everything) == Counter(withdrawn=1, duplicate=2)
    assert not cast.may(aurora).allow


def test_an_opt_out_from_everything_says_more_than_one_from_a_purpose(aurora: Sample) -> None:
    cast.says(aurora)
    one = lists.bring(aurora, "number\n11987654321\n", kind=lists.OPT_OUTS)
    assert lists.try_out(one) == Counter(withdrawn=1)
    same = lists.bring(aurora, "tel\n11987654321\n", kind=lists.OPT_OUTS)
    assert lists.try_out(same) == Counter(duplicate=1)
    all_of_it = lists.bring(aurora, "phone\n11987654321\n", kind=lists.OPT_OUTS)
    assert lists.try_out(all_of_it, purpose="") == Counter(withdrawn=1)


def test_an_opt_out_written_before_the_ninth_digit_is_the_persons(aurora: Sample) -> None:
    cast.says(aurora)
    batch = lists.bring(aurora, "number\n1187654321\n", kind=lists.OPT_OUTS)

    assert lists.try_out(batch, purpose="", channel="all") == Counter({"withdrawn": 1})
    assert not cast.may(aurora).allow


def test_a_part_of_a_number_opts_nobody_out_of_another_country(aurora: Sample) -> None:
    """987654321 without its area code is no number of Iran's, whose code is 98."""
    batch = lists.bring(aurora, "number\n98765-4321\n987654321\n8765-4321\n", kind=lists.OPT_OUTS)

    assert lists.try_out(batch, purpose="", channel="all") == Counter({"phone.not_valid": 3})
    assert not ConsentRecord.objects.exists()


def test_a_large_list_needs_two_people_and_opt_outs_none(aurora: Sample, settings: object) -> None:
    settings.OPTIN_IMPORT_APPROVAL_ROWS = 1  # type: ignore[attr-defined]
    batch = lists.bring(aurora, "tel,date\n11987654321,2024-03-01\n21976543210,2024-03-02\n")
    lists.try_out(batch)

    assert lists.record(batch) == Counter(given=2)
    assert batch.state == Import.State.APPROVAL
    assert not cast.may(aurora).allow
    with pytest.raises(BadInput, match="four_eyes"):
        steps.approve(batch, entity="staff:1", at=batch.created_at)
    steps.approve(batch, entity="staff:2", at=batch.created_at)
    lists.work(batch)
    assert cast.may(aurora).allow
    out = lists.bring(aurora, "tel\n11987654321\n21976543210\n", kind=lists.OPT_OUTS)
    lists.try_out(out)
    assert not cast.may(aurora).allow


def test_undoing_leaves_nothing_but_that_it_was_undone(aurora: Sample) -> None:
    batch = lists.bring(aurora, "tel,date\n11987654321,2024-03-01\n")
    lists.try_out(batch)
    before = cast.entries()

    steps.undo(batch, entity="staff:1", at=batch.created_at)

    (entry,) = cast.entries()[len(before) :]
    assert b'"type":"import_undone"' in entry
    assert not ConsentRecord.objects.exists()
    assert not any(ImportPart.objects.values_list("sealed", flat=True))
    for step in (
        lambda: steps.undo(batch, entity="staff:1", at=batch.created_at),
        lambda: lists.record(batch),
    ):
        with pytest.raises(BadInput):
            step()


def test_a_list_that_is_recorded_says_so_in_the_log_and_keeps_no_row(aurora: Sample) -> None:
    batch = lists.bring(aurora, "tel,date\n11987654321,2024-03-01\nx,2024-03-01\n")
    lists.try_out(batch)
    lists.record(batch)

    entry = next(entry for entry in cast.entries() if b'"type":"imported"' in entry)
    assert b'"rows_given":"1"' in entry
    assert b"98765" not in entry
    assert not any(ImportPart.objects.values_list("sealed", flat=True))
    with pytest.raises(BadInput, match="recorded"):
        steps.undo(batch, entity="staff:1", at=batch.created_at)


def test_a_worker_that_dies_in_the_middle_leaves_the_rest_to_the_next(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PART", 2)
    rows = "".join(f"119876500{number:02},2024-03-01\n" for number in range(9))
    batch = lists.bring(aurora, f"tel,date\n{rows}")
    lists.try_out(batch)
    steps.commit(batch, entity="staff:1", at=batch.created_at)
    commits = iter(range(9))
    real = working._commit

    def dies(*arguments: object) -> object:
        done = real(*arguments)  # type: ignore[arg-type]
        if next(commits) == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(working, "_commit", dies)
    with pytest.raises(KeyboardInterrupt):
        working.drain()
    assert ConsentRecord.objects.count() == 4, "the part it died in is not half recorded"

    assert lists.work(batch) == Counter(given=9)
    assert ConsentRecord.objects.count() == 9


@pytest.mark.parametrize("missing", ["contact", "purpose", "channel", "date", "source"])
def test_what_every_row_needs_is_asked_for(aurora: Sample, missing: str) -> None:
    batch = lists.bring(aurora, "tel,date,note\n11987654321,2024-03-01,x\n")
    columns = {"contact": 0, "date": 1}
    said = {"columns": {k: v for k, v in columns.items() if k != missing}} | (
        {} if missing in columns else {missing: ""}
    )
    with pytest.raises(BadInput) as refused:
        lists.try_out(batch, **said)
    assert refused.value.pointer == missing
    if missing == "contact":
        assert "tel, date, note" in refused.value.message


def test_purposes_and_channels_of_the_list_are_read_in_any_language(aurora: Sample) -> None:
    batch = lists.bring(
        aurora,
        "phone,date,channel,finalidad\n11987654321,2024-03-01,Torpedo,Novedades y ofertas\n"
        "11987654321,2024-03-01,zap,NOVIDADES\n11987654321,2024-03-01,fax,novidades\n21976543210,2024-03-01,SMS,x\n",
    )
    assert lists.try_out(batch, purpose="", channel="") == Counter(
        {"given": 2, "channel.unknown": 1, "purpose.unknown": 1}
    )
    assert lists.record(batch)["given"] == 2
    assert cast.may(aurora, ANA, channel="whatsapp").allow


def test_a_purpose_of_another_company_is_none_here(aurora: Sample) -> None:
    other_sample().company.purposes.create(
        slug="pao", category="marketing", name={"en": "Bread"}, description={}
    )
    batch = lists.bring(
        aurora, "phone,date,purpose\n11987654321,2024-03-01,pao\n11987654321,2024-03-01,Bread\n"
    )
    assert lists.try_out(batch) == Counter({"purpose.unknown": 2})
    with pytest.raises(BadInput) as refused:
        lists.try_out(lists.bring(aurora, "phone,date\n11987654321,2024-03-01\n"), purpose="pao")
    assert refused.value.code == "purpose.unknown"


def test_a_consent_whose_time_is_over_is_told(aurora: Sample) -> None:
    Purpose.objects.update(validity_days=30)
    batch = lists.bring(aurora, "phone,date\n11987654321,2024-03-01\n")

    assert lists.try_out(batch) == lists.record(batch) == Counter(expired=1)
    assert cast.may(aurora).reason == "expired"
