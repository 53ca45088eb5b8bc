"""Every decision is counted: in memory while deciding, a minute of them written at once, its digest in the log."""

import hashlib
import json
import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import decision, vault
from consent.decision import Reason, counting
from consent.log import tree
from consent.models import DecisionBatch, DecisionCount, LogPending, triggers
from consent.sample import Sample
from tests.cast import ANA, BRUNO, may, says


def counts() -> dict[tuple[str, str], int]:
    return {(one.channel, one.reason): one.times for one in DecisionCount.objects.all()}


def kept() -> list[Any]:
    return [json.loads(batch.content) for batch in DecisionBatch.objects.order_by("kept_at")]


def test_decisions_are_counted_by_channel_and_reason_and_nothing_is_written_until_the_minute_is_over(
    aurora: Sample, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    says(aurora)
    may(aurora)
    with CaptureQueriesContext(connection) as queries:
        may(aurora)
        may(aurora, BRUNO)
        may(aurora, channel="voice")
        decision.may_send_to_each(
            [ANA, BRUNO, None, ANA], company=aurora.company.pk, channel="sms", purpose="novidades"
        )
    assert len(queries) == 4
    assert not any("INSERT" in query["sql"] for query in queries)
    counting.flush()
    counting.flush()
    assert counts() == {
        ("sms", "given"): 4, ("sms", "no_record"): 2, ("sms", "malformed"): 1, ("voice", "no_record"): 1,
    }  # fmt: skip
    may(aurora)
    counting.flush()
    assert counts()["sms", "given"] == 5
    assert {one.day for one in DecisionCount.objects.all()} <= {
        timezone.localdate(timezone=ZoneInfo(aurora.company.time_zone)) - timedelta(days=back)
        for back in (0, 1)
    }


def test_denials_are_kept_and_a_sample_of_the_rest_with_nothing_personal(aurora: Sample) -> None:
    recorded = says(aurora)
    for _ in range(counting.ONE_IN + 1):
        may(aurora)
    may(aurora, BRUNO)
    may(aurora, channel="voice", purpose="sorteio ☕")
    counting.flush()
    [batch] = kept()
    assert [(line["reason"], line["record"]) for line in batch["kept"]] == [
        ("given", str(recorded.records[0])), ("given", str(recorded.records[0])), ("no_record", ""),
        ("unknown_purpose", ""),
    ]  # fmt: skip
    assert batch["kept"][0] | {"at": ""} == {
        "at": "", "channel": "sms", "about": "novidades", "reason": "given", "record": str(recorded.records[0]),
    }  # fmt: skip
    assert batch["times"] == {"sms given": 101, "sms no_record": 1, "voice unknown_purpose": 1}
    assert not [value for value in (ANA.value[1:], "sorteio") if value in json.dumps(batch)]


def test_more_than_enough_is_counted_and_not_kept(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_KEPT", 2)
    for _ in range(5):
        may(aurora)
    counting.flush()
    [batch] = kept()
    assert (len(batch["kept"]), batch["times"]) == (2, {"sms no_record": 5})


def test_the_digest_of_a_batch_is_in_the_log_and_cannot_be_guessed(aurora: Sample) -> None:
    for _ in range(2):
        may(aurora)
        counting.flush()
    digests = set()
    for batch in DecisionBatch.objects.all():
        said = json.loads(bytes(LogPending.objects.get(pk=batch.pk).data))
        assert (said["type"], said["company"]) == ("decisions", "aurora")
        assert said["digest"] == hashlib.sha256(batch.content).hexdigest()
        assert said.keys() == {"type", "id", "company", "recorded_at", "digest"}
        digests.add(said["digest"])
    assert len(digests) == 2
    tree.sequence()
    call_command("verify_log")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM consent_decisionbatch", "the batch of decisions is missing"),
        (
            "UPDATE consent_decisionbatch SET content = other.data FROM consent_logentry other",
            "says something else than was kept",
        ),
        ("UPDATE consent_decisionbatch SET id = '00000000000000000000000000000001'", "is missing"),
    ],
)
@pytest.mark.parametrize("is_sequenced", [True, False])
def test_a_batch_that_was_changed_is_found(
    aurora: Sample, change: str, words: str, is_sequenced: bool
) -> None:
    if is_sequenced:
        may(aurora)
        counting.flush()
        tree.sequence()
    else:
        says(aurora)
        tree.sequence()
        may(aurora)
        counting.flush()
    with connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(change)
        triggers.remove(connection)
        cursor.execute(change)
    with pytest.raises(CommandError, match=words):
        call_command("verify_log")


def test_a_batch_past_the_door_is_found(aurora: Sample) -> None:
    says(aurora)
    tree.sequence()
    DecisionBatch.objects.create(
        id=vault.new_id(), company=aurora.company, content=b"{}",
        kept_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(CommandError, match="a batch of decisions is not in the log"):
        call_command("verify_log")


def test_what_cannot_be_written_now_is_counted_later(aurora: Sample) -> None:
    may(aurora)

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if "consent_decisioncount" in sql:
            raise OperationalError("disk full")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        counting.flush()
    assert not DecisionCount.objects.exists()
    may(aurora)
    counting.flush()
    assert counts() == {("sms", "no_record"): 2}


def test_questions_about_what_does_not_exist_harm_nothing(aurora: Sample) -> None:
    asked = decision.may_send(ANA, company=0, channel="sms", purpose="novidades")
    other = decision.may_send(ANA, company=aurora.company.pk, channel="fax\0", purpose="\udcff")
    assert (asked.reason, other.allow) == (Reason.UNKNOWN_PURPOSE, False)
    counting.flush()
    assert [channel for channel, _reason in counts()] == [""]


@pytest.mark.django_db(transaction=True)
def test_a_minute_is_written_down_though_nobody_asks_again(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_DECISIONS_SECONDS = 0.05
    may(aurora)
    deadline = time.monotonic() + 120
    while not DecisionBatch.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert counts() == {("sms", "no_record"): 1}
