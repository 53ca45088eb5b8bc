"""What Meta tells and answers about numbers and accounts, in every shape that it is known to have."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from consent.models import InboundMessage, QualityReading, Sender
from consent.quality import from_meta, reading
from consent.quality.reading import UNLIMITED, Kind
from consent.sample import Sample
from tests import meta, payloads
from tests.cast import at

NOW = at("2026-03-01 12:00")
SECONDS = int(NOW.timestamp())
BEGIN, ANSWER = "RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"


@pytest.mark.parametrize(
    ("word", "limit"),
    [("TIER_50", 50), ("TIER_250", 250), ("TIER_1K", 1_000), ("TIER_2K", 2_000), ("TIER_10K", 10_000),
     ("TIER_100K", 100_000), ("TIER_UNLIMITED", UNLIMITED), (2000, 2_000), ("2000", 2_000), (-1, UNLIMITED),
     ("10K Customers/24hr", 10_000), (None, None), ("", None), ("TIER_", None), ("NA", None), (0, None),
     ("TIER_²K", None), ("9" * 5000, None), ({"a": 1}, None), (True, None)],
)  # fmt: skip
def test_a_limit_is_read_from_every_way_to_write_it(word: Any, limit: int | None) -> None:
    assert reading.limit(word) == limit


@pytest.mark.parametrize(
    ("word", "rating"),
    [("GREEN", "green"), ("yellow", "yellow"), ("RED", "red"), ("LOW", "red"), ("NA", "unknown"),
     ("UNKNOWN", "unknown"), ("PURPLE", "unknown"), (None, "unknown"), (["RED"], "unknown")],
)  # fmt: skip
def test_a_rating_that_nobody_has_seen_is_not_known(word: Any, rating: str) -> None:
    assert reading.rating(word) == rating


# field, content, (kind, about, value) of what it says
TOLD: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    ("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "TIER_10K"},
     [("status", "", "flagged"), ("limit", "", "10000")]),
    ("phone_number_quality_update", {"event": "UNFLAGGED", "current_limit": "TIER_10K"},
     [("status", "unflagged", "connected"), ("limit", "", "10000")]),
    ("phone_number_quality_update",
     {"event": "THROUGHPUT_UPGRADE", "max_daily_conversations_per_business": "TIER_2K", "current_limit": "TIER_10K"},
     [("throughput", "", "HIGH"), ("limit", "", "2000")]),
    ("phone_number_quality_update", {"event": "ONBOARDING"}, [("alert", "number", "ONBOARDING")]),
    ("phone_number_quality_update", {"event": "DOWNGRADE", "current_limit": "TIER_1K"},
     [("alert", "number", "DOWNGRADE"), ("limit", "", "1000")]),
    ("business_capability_update", {"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_waba": 25},
     [("limit", "", "2000")]),
    ("business_capability_update", {"max_daily_conversations_per_business": "TIER_UNLIMITED"},
     [("limit", "", str(UNLIMITED))]),
    ("business_capability_update", {"max_daily_conversation_per_phone": -1}, [("limit", "", str(UNLIMITED))]),
    ("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": [
        {"restriction_type": BEGIN, "expiration": SECONDS + 60}, {"restriction_type": ANSWER},
        {"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": SECONDS}, "nonsense"]},
     [("restriction", BEGIN, "answers"), ("restriction", ANSWER, "blocked"),
      ("restriction", "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "none")]),
    ("account_update", {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ADULT"}},
     [("alert", "ADULT", "violation")]),
    ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
     [("restriction", "ban", "blocked")]),
    ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}},
     [("restriction", "ban", "none")]),
    ("account_update",
     {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "May 1"}},
     [("alert", "DISABLED_UPDATE", "SCHEDULE_FOR_DISABLE")]),
    ("account_update", {"event": "ACCOUNT_DELETED"}, [("restriction", "account", "blocked")]),
    ("account_update", {"event": "ACCOUNT_OFFBOARDED"}, [("restriction", "account", "blocked")]),
    ("account_update", {"event": "ACCOUNT_RECONNECTED"}, [("restriction", "account", "none")]),
    ("account_update", {"event": "PARTNER_ADDED"}, [("alert", "PARTNER_ADDED", "told")]),
    ("account_update", {"event": "SOMETHING_OF_2027"}, [("alert", "SOMETHING_OF_2027", "told")]),
    ("account_alerts", {"alert_info": {"alert_severity": "CRITICAL", "alert_type": "OBA_DENIED"}},
     [("alert", "OBA_DENIED", "CRITICAL")]),
    ("message_template_status_update",
     {"event": "PAUSED", "message_template_name": "promo", "message_template_language": "pt_BR"},
     [("template", "promo pt_BR", "red")]),
    ("message_template_status_update", {"event": "DISABLED", "message_template_name": "promo"},
     [("template", "promo", "red")]),
    ("message_template_status_update", {"event": "FLAGGED", "message_template_name": "promo"},
     [("template", "promo", "yellow")]),
    ("message_template_status_update", {"event": "REJECTED", "message_template_name": "promo"},
     [("template", "promo", "unknown")]),
    ("message_template_quality_update",
     {"new_quality_score": "YELLOW", "previous_quality_score": "GREEN", "message_template_name": "promo"},
     [("template", "promo", "yellow")]),
    # As in Meta's own example: under the other one's name.
    ("message_template_status_update", {"new_quality_score": "RED", "message_template_id": 806312974732579},
     [("template", "806312974732579", "red")]),
    ("template_category_update", {"message_template_name": "promo", "new_category": "MARKETING"},
     [("alert", "template promo", "category")]),
    ("phone_number_name_update", {"decision": "APPROVED"}, [("alert", "phone_number_name_update", "APPROVED")]),
    ("security", {"event": "PIN_CHANGED"}, [("alert", "security", "PIN_CHANGED")]),
    ("account_update", {"note": "nothing else"}, []),
    ("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": "none"}, []),
    ("account_alerts", {"alert_info": []}, []),
    ("business_capability_update", {"max_daily_conversations_per_business": {}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("field", "content", "expected"), TOLD)
def test_what_is_told_is_read(
    field: str, content: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    found = from_meta.told(field, {"time": SECONDS - 9, **content}, received_at=NOW)
    assert [(one.kind, one.about, one.value) for one in found] == expected
    assert all(one.said_at == NOW - timedelta(seconds=9) and one.raw for one in found)


def test_a_restriction_has_its_end_and_nonsense_has_none() -> None:
    def until(expiration: Any) -> Any:
        info = [{"restriction_type": BEGIN, "expiration": expiration}]
        content = {"event": "ACCOUNT_RESTRICTION", "restriction_info": info}
        return from_meta.told("account_update", content, received_at=NOW)[0].until

    assert until(SECONDS + 60) == NOW + timedelta(seconds=60)
    assert until(str(SECONDS + 60)) == NOW + timedelta(seconds=60)
    assert [until(bad) for bad in ("abc", None, -5, 10**18, SECONDS * 1000)] == [None] * 5


@pytest.mark.parametrize("time", ["abc", None, -1, 10**18, SECONDS * 1000, SECONDS + 3600, [], 0])
def test_a_clock_that_says_nonsense_counts_as_when_we_heard_it(time: Any) -> None:
    (found,) = from_meta.told("account_update", {"event": "PARTNER_ADDED", "time": time}, received_at=NOW)
    assert found.said_at == NOW


def test_halves_of_characters_and_nul_are_kept_as_signs_that_a_database_takes() -> None:
    content = {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "\ud800\0"}}
    (found,) = from_meta.told("account_update", content, received_at=NOW)
    assert found.about == "\ufffd\ufffd"


def test_an_answer_is_read_as_far_as_it_goes() -> None:
    answer = {
        "id": "1", "quality_rating": "GREEN", "status": "CONNECTED", "throughput": {"level": "HIGH"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K", "messaging_limit_tier": "TIER_1K",
        "health_status": {"can_send_message": "LIMITED", "entities": []},
    }  # fmt: skip
    found = {one.kind: one.value for one in from_meta.asked(answer, at=NOW, number=7)}
    assert found == {
        "rating": "green", "status": "connected", "limit": "2000", "health": "limited", "throughput": "HIGH",
    }  # fmt: skip
    assert from_meta.asked({"id": "1", "health_status": [], "throughput": None}, at=NOW, number=7) == []
    assert from_meta.asked({"quality_score": {"score": "NA"}}, at=NOW, number=7)[0].value == "unknown"


def test_every_sample_of_an_answer_of_metas_is_read() -> None:
    if not payloads.META.exists():
        pytest.skip("Meta's samples are not here")
    answers = sorted(payloads.META.glob("phone_get_200__*.json"))
    assert answers
    for path in answers:
        assert from_meta.asked(json.loads(path.read_text()), at=NOW, number=7)[0].value == "green"


# --- through the webhook


def tells(client: Client, field: str, content: dict[str, Any], *, time: int = SECONDS) -> list[str]:
    entry = {"id": meta.ACCOUNT, "time": time, "changes": [{"field": field, "value": content}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    assert meta.post(client, body).status_code == 200
    meta.drain()
    return meta.kept()


@pytest.mark.parametrize(("field", "content", "expected"), TOLD)
def test_every_update_comes_in_by_the_webhook_and_is_understood_or_kept(
    number: Sender, client: Client, field: str, content: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    said = (
        {"display_phone_number": "+1 555-078-3881", **content}
        if field.startswith("phone_number_q")
        else content
    )
    assert tells(client, field, said) == ["answered" if expected else "unreadable"]
    rows = list(QualityReading.objects.order_by("pk"))
    assert [(row.kind, row.about, row.value) for row in rows] == expected
    assert {row.sender for row in rows} <= {number if "display_phone_number" in said else None}
    # The same again, days later, changes nothing.
    tells(client, field, said)
    assert QualityReading.objects.count() == len(expected)


def test_nobody_speaks_for_an_account_or_number_that_is_not_theirs(
    aurora: Sample, number: Sender, client: Client
) -> None:
    Sender.objects.filter(pk=number.pk).update(account="999")
    assert tells(client, "account_update", {"event": "ACCOUNT_DELETED"}) == ["unrouted"]
    Sender.objects.filter(pk=number.pk).update(account=meta.ACCOUNT)
    other = {"event": "FLAGGED", "display_phone_number": "15550000000"}
    assert tells(client, "phone_number_quality_update", other)[-1] == "unrouted"
    assert not QualityReading.objects.exists()


def test_a_word_that_is_not_about_health_stays_as_it_was(number: Sender, client: Client) -> None:
    assert tells(client, "account_fortune", {"event": "TOLD"}) == ["unreadable"]
    assert InboundMessage.objects.count() == 1
    assert Kind.RATING not in set(QualityReading.objects.values_list("kind", flat=True))
