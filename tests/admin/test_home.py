"""The home page: what needs somebody, what people answered, what waits, how the log does."""

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from consent import recording, vault
from consent.admin import charts, home
from consent.log import tree
from consent.models import (
    CapturePoint,
    Company,
    Import,
    InboundMessage,
    LogPending,
    Notice,
    NoticeVersion,
    OutboundMessage,
    Sender,
)
from tests import cast
from tests.imports import lists
from tests.relay import receivers
from tests.staff import Firm

HOME = "/admin/"


def page(client: Client) -> str:
    return str(client.get(HOME).content.decode())


def test_an_empty_installation_says_where_to_begin(root: Client) -> None:
    text = page(root)
    assert "Begin with a company" in text
    assert "/admin/consent/company/add/" in text


def test_a_company_nobody_answered_yet_says_what_to_do(root: Client, aurora: Any) -> None:
    text = page(root)
    assert "Nobody has answered yet." in text
    assert "Nothing needs your attention." in text
    assert "The first record begins it." in text


def test_until_somebody_can_be_asked_home_says_what_is_to_be_made(root: Client) -> None:
    company = Company.objects.create(slug="nova", name="Nova", legal_name="Nova Ltda.", country="BR")

    def todo() -> list[str]:
        return [step.url for step in root.get(HOME).context_data["steps"] if not step.is_done]

    add = [f"/admin/consent/{model}/add/" for model in ("sender", "purpose", "notice", "capturepoint")]
    assert todo() == add
    Sender.objects.create(company=company, channel="sms", provider="sandbox", address="+551140028930")
    notice = Notice.objects.create(company=company, slug="ofertas")
    assert todo() == [add[1], f"/admin/consent/notice/{notice.pk}/change/", add[3]]
    assert "Before you can ask anybody" in page(root)


def test_whoever_may_make_nothing_reads_the_steps_without_links(bruno: Client, cafe: Firm) -> None:
    CapturePoint.objects.update(is_open=False)
    User.objects.get(username="bruno").groups.set(Group.objects.filter(name="Auditor"))
    steps = bruno.get(HOME).context_data["steps"]
    assert [(step.is_done, step.url) for step in steps] == [(True, "")] * 3 + [(False, "")]


def test_where_somebody_can_be_asked_there_are_no_steps(bruno: Client, cafe: Firm) -> None:
    assert bruno.get(HOME).context_data["steps"] == []


def test_answers_are_drawn_and_told_as_a_table(bruno: Client, cafe: Firm) -> None:
    cast.says(cafe.aurora, cast.BRUNO, method="sms")
    cast.says(cafe.aurora, cast.CLARA)
    text = page(bruno)
    assert text.count('<rect class="series-') == 2
    assert '<text class="number"' in text
    assert "The same as a table" in text
    assert "<svg" in text


def test_one_act_with_three_boxes_is_one_answer(bruno: Client, cafe: Firm) -> None:
    evidence = {"text": "one"}
    recording.record(
        *(
            cast.event(cafe.aurora, contact=cast.CLARA, evidence=evidence, reference="three", purpose=purpose)
            for purpose in cafe.aurora.purposes.values()
        )
    )
    assert bruno.get(HOME).context_data["chart"].total == 2


def test_requests_wait_until_they_are_answered(bruno: Client, cafe: Firm) -> None:
    for person in (cast.BRUNO, cast.CLARA):
        cast.says(cafe.aurora, person, state="requested", possession="none")
    assert bruno.get(HOME).context_data["waiting"] == 2
    cast.says(cafe.aurora, cast.CLARA)
    assert bruno.get(HOME).context_data["waiting"] == 1


def test_another_companys_figures_are_not_counted(bruno: Client, cafe: Firm, bakery: Firm) -> None:
    shown = bruno.get(HOME).context_data
    assert shown["chart"].total == 1
    assert sum(number for _label, number, _state in shown["outbox"]) == 1


def test_what_needs_somebody_is_named_with_its_place(root: Client, cafe: Firm) -> None:
    NoticeVersion.objects.filter(state="published").update(state="retired")
    Sender.objects.create(company=cafe.company, channel="sms", provider="twilio", address="+5511400289")
    OutboundMessage.objects.filter(pk=cafe.message.pk).update(state="failed")
    InboundMessage.objects.filter(pk=cafe.inbound.pk).update(state="unreadable")
    told = {concern.text: concern.url for concern in root.get(HOME).context_data["concerns"]}
    assert list(told) == [
        "“News from Café Aurora: call me to confirm” cannot be shown: its notice has no published version.",
        "“News from Café Aurora” cannot be shown: its notice has no published version.",
        "SMS +5511400289 has no token, so nothing can be sent from it.",
        "1 message could not be sent.",
        "1 incoming message could not be understood.",
    ]
    assert all(root.get(url).status_code == 200 for url in told.values())


def test_a_point_without_boxes_is_named(root: Client, cafe: Firm) -> None:
    cafe.aurora.point.offers.all().delete()
    assert "it has no box yet" in page(root)


def test_a_worker_that_does_not_run_is_noticed(root: Client, cafe: Firm) -> None:
    OutboundMessage.objects.filter(pk=cafe.message.pk).update(due_at=timezone.now() - timedelta(minutes=6))
    LogPending.objects.create(id=vault.new_id(), arrival=timezone.now() - timedelta(minutes=2), data=b"{}")
    text = page(root)
    assert "Messages have been due for more than five minutes." in text
    assert "The log has entries waiting for more than a minute." in text
    assert 'class="alarm"' in text


def test_the_health_of_the_log_is_its_own(cafe: Firm) -> None:
    before = home.log_health()
    cast.says(cafe.aurora)
    waiting = home.log_health()
    assert (waiting.size, waiting.waiting, waiting.is_late) == (before.size, before.waiting + 1, False)
    tree.sequence()
    assert home.log_health().size == before.size + 1


def test_home_costs_the_same_number_of_queries_however_much_there_is(
    bruno: Client, cafe: Firm, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        said = cast.says(cafe.aurora, cast.stranger(number))
        assert said.is_new
    with django_assert_max_num_queries(35):
        page(bruno)


def test_columns_stand_on_the_ground_and_fit_the_picture() -> None:
    days = [date(2026, 11, day) for day in range(1, 8)]
    chart = charts.stack({"website": {days[0]: 3, days[6]: 1}, "sms": {days[0]: 1}}, days=days)
    assert (chart.total, chart.totals) == (5, [4, 1])
    first = chart.columns[0]
    assert first.bars[0].y + first.bars[0].height == chart.ground
    assert first.bars[1].y + first.bars[1].height == first.bars[0].y
    assert all(
        bar.x >= 0 and bar.x + bar.width <= chart.width for column in chart.columns for bar in column.bars
    )
    assert not chart.columns[1].bars


def test_a_chart_of_nothing_has_no_total() -> None:
    assert charts.stack({}, days=[date(2026, 1, 1)]).total == 0


def test_whoever_may_read_no_records_is_offered_no_search(nobody: Client, cafe: Firm) -> None:
    text = page(nobody)
    assert "May we write to this person?" not in text
    assert "Capture points" in text
    assert Company.objects.count() == 1


def test_lists_for_a_second_person_and_lost_subscribers_are_told(
    bruno: Client, clara: Client, cafe: Firm
) -> None:
    batch = lists.bring(cafe.aurora, "tel,date\n11987654321,2024-03-01\n")
    Import.objects.update(state=Import.State.APPROVAL)
    lost = receivers.subscribed(cafe.aurora, "https://example.com/", state="failed")

    text = page(bruno)

    for words in (
        "waits for a second person",
        f"/import/{batch.pk}/",
        "CRM is not told",
        f"/subscription/{lost.pk}/",
    ):
        assert words in text
        assert words not in page(clara)


def test_the_funnel_of_confirmation_tells_who_answered_and_how(bruno: Client, cafe: Firm) -> None:
    assert bruno.get(HOME).context_data["funnel"] == []
    for person in (cast.ANA, cast.BRUNO, cast.CLARA):
        cast.says(cafe.aurora, person, state="requested", possession="none")
    cast.says(cafe.aurora, cast.BRUNO)
    cast.says(cafe.aurora, cast.CLARA, state="refused")
    steps = bruno.get(HOME).context_data["funnel"]
    assert [(number, share) for _name, number, share in steps] == [(3, 100), (1, 33), (1, 33), (1, 33)]
    assert "asked to confirm their number" in page(bruno)
