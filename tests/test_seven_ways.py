"""Seven ways to withdraw: each leaves the same kind of record, whatever is suspended, used up or read-only."""

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent import opening, receipts, spool, withdrawing
from consent.api import keys
from consent.capture import sms
from consent.capture.ivr import webhook as calls
from consent.capture.whatsapp import working as whatsapp
from consent.models import (
    CapturePoint,
    Company,
    ConsentRecord,
    ContactPoint,
    LogPending,
    OutboundMessage,
    Sender,
)
from consent.preferences import visits, waiting
from consent.providers import accounts, meta_numbers
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast, meta, staff, webhooks
from tests.preferences.conftest import path
from tests.preferences.test_arriving import arrive, code_sent
from tests.readonly import readonly

pytestmark = pytest.mark.django_db(transaction=True)

type Way = Callable[[], Any]

# What every record of a withdrawal says in the log, whoever brings it; `clock` only where it is not ours.
SAID = {
    "type", "id", "act", "company", "subject", "channel", "state", "possession", "valid_days", "language",
    "method", "entity", "event_time", "recorded_at", "evidence",
}  # fmt: skip


class Ways:
    """Whatever each way needs beforehand, such as a session of staff, and the one thing that stops."""

    def __init__(self, aurora: Sample, said: Recorded) -> None:
        self.aurora, self.said = aurora, said
        self.client = Client()

    def link(self) -> Way:
        address = path(receipts.stop_address(self.said.subject))
        return lambda: self.client.post(address)

    def number_and_code(self) -> Way:
        proved = self.client.post(arrive(self.client), {"code": code_sent()})
        page = proved["Location"].partition("?")[0]
        return lambda: self.client.post(page, {"all": "yes"})

    def sms(self) -> Way:
        return lambda: webhooks.post(self.client, webhooks.sms("SAIR"))

    def whatsapp(self) -> Way:
        meta.sender(self.aurora)
        stop = meta.batch(meta.value(messages=[meta.text("SAIR")]))
        return lambda: meta.post(self.client, stop)

    def phone(self) -> Way:
        return lambda: webhooks.post(self.client, webhooks.call(Digits="0"), path=f"{webhooks.VOICE}?step=1")

    def paper(self) -> Way:
        clerk = staff.signed_in(staff.user("clerk", "Staff", company=self.aurora.company))
        page = clerk.get("/admin/consent/consentrecord/letter/").content.decode()
        found = re.search(r'name="form" value="([^"]+)"', page)
        assert found is not None
        letter = {
            "company": self.aurora.company.pk, "number": cast.ANA.value, "place": "Folder 12",
            "written_on": timezone.localdate().isoformat(), "form": found[1],
        }  # fmt: skip
        return lambda: clerk.post("/admin/consent/consentrecord/letter/", letter)

    def api(self) -> Way:
        keys.forget()
        key = keys.issue(self.aurora.company, name="App")
        return lambda: self.withdraw(key=key, once="once")

    def withdraw(self, *, key: str = "", once: str = "", **said: str) -> Any:
        headers = {
            "Authorization": f"Bearer {key or keys.issue(self.aurora.company, name='App')}",
            "Idempotency-Key": once or secrets.token_hex(8),
        }
        body = json.dumps({"contact": cast.ANA.value, **said})
        address = "/api/v1/withdrawals"
        return self.client.post(address, body, content_type="application/json", headers=headers)


WAYS = ["link", "number_and_code", "sms", "whatsapp", "phone", "paper", "api"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.0)
    monkeypatch.setattr(withdrawing, "EVERY", 0.0)
    monkeypatch.setattr("consent.hooks.DRAIN_EVERY", 0.0)
    accounts.forget()
    meta_numbers.forget()


@pytest.fixture(params=WAYS)
def stop(request: pytest.FixtureRequest, aurora: Sample) -> Way:
    """One of the ways, as far as before the person says it; Ana gets news on every channel."""
    for channel in ("voice", "whatsapp", "sms"):
        said = cast.says(aurora, channel=channel)
    way: Way = getattr(Ways(aurora, said), request.param)()
    return way


def worked() -> None:
    """The worker has looked at everything that waits."""
    for drain in (waiting.drain, withdrawing.drain, sms.drain, calls.drain, whatsapp.drain, visits.drain):
        while drain():
            pass


def told() -> int:
    """How many messages left or wait that are no code."""
    return OutboundMessage.objects.exclude(kind="code").count()


def records() -> list[ConsentRecord]:
    return list(ConsentRecord.objects.filter(state="withdrawn").order_by("arrival"))


def assert_stopped(aurora: Sample) -> None:
    """Nothing more goes out where it was said, and what was recorded is of the same kind."""
    found = records()
    assert found
    [act] = {record.act_id for record in found}
    assert {(record.notice, record.point) for record in found} == {(None, None)}
    assert any(record.purpose is None for record in found)
    assert opening.evidence_of(act)
    for record in found:
        assert record.event_time <= record.recorded_at
        told = json.loads(bytes(LogPending.objects.get(id=record.uid).data))
        assert {name for name, value in told.items() if value is not None} - {"clock", "purpose"} == SAID
        assert (told["type"], told["state"]) == ("consent", "withdrawn")
        assert cast.may(aurora, channel=record.channel).reason == "withdrawn"


def test_every_way_leaves_the_same_kind_of_record(aurora: Sample, stop: Way) -> None:
    assert stop().status_code < 400
    worked()
    assert_stopped(aurora)


def test_also_where_the_company_is_suspended_and_everything_is_used_up(aurora: Sample, stop: Way) -> None:
    Company.objects.update(messages_per_day=0, is_paused=True)
    Sender.objects.update(is_paused=True, restriction="blocked", restricted_since=timezone.now())
    CapturePoint.objects.update(is_open=False)

    assert stop().status_code < 400
    worked()
    assert_stopped(aurora)


def test_also_while_the_database_is_read_only_and_it_is_filed_once(
    aurora: Sample, stop: Way, settings: Any
) -> None:
    with readonly():
        answer = stop()
        assert answer.status_code in {200, 202}
        assert cast.may(aurora).allow  # nothing could be written
    [file] = list((Path(settings.OPTIN_DATA_DIR) / "spool").glob(f"*{spool.SUFFIX}"))
    sealed = file.read_bytes()
    assert cast.ANA.value[1:].encode() not in sealed

    worked()
    assert_stopped(aurora)
    stopped = len(records())
    file.write_bytes(sealed)  # another worker had read it as well
    worked()
    assert len(records()) == stopped
    assert not file.exists()


@pytest.mark.parametrize("is_kept", [False, True], ids=["at once", "kept on disk"])
def test_whoever_stops_is_told_once(aurora: Sample, stop: Way, settings: Any, is_kept: bool) -> None:
    if is_kept:
        with readonly():
            answer = stop()
        [file] = list((Path(settings.OPTIN_DATA_DIR) / "spool").glob(f"*{spool.SUFFIX}"))
        sealed = file.read_bytes()
        worked()
        file.write_bytes(sealed)  # another worker had read it as well
    else:
        answer = stop()
    worked()
    assert stop().status_code < 400  # the same once more
    worked()

    said_at_once = [word for word in (b"<Message>", b"<Say") if word in answer.content]
    assert len(said_at_once) + told() == 1


def test_a_stop_of_one_thing_names_it_and_nobody_is_told_of_nothing(aurora: Sample) -> None:
    cast.says(aurora)
    app = Ways(aurora, cast.says(aurora, channel="whatsapp"))
    assert app.withdraw(purpose="novidades", channel="sms").status_code == 201
    assert app.withdraw(purpose="novidades", channel="sms").status_code == 201
    assert app.withdraw(contact=cast.BRUNO.value).status_code == 201

    said = opening.message_content(OutboundMessage.objects.get())["text"]
    assert "/r/" in said
    assert ("SMS" in said, "WhatsApp" in said) == (True, False)


def test_damage_in_the_vault_hinders_no_stop(aurora: Sample) -> None:
    said = cast.says(aurora)
    ContactPoint.objects.filter(subject=said.subject).update(sealed=b"x" * 60)

    assert Ways(aurora, said).withdraw().status_code == 201
    assert cast.may(aurora).reason == "withdrawn"
    assert told() == 0


def test_a_chat_has_room_for_the_receipt_and_the_choices(aurora: Sample, client: Client) -> None:
    meta.sender(aurora)
    for number, word in enumerate(["AJUDA", "SAIR"]):
        written = meta.text(word, id=f"wamid.room{number}")
        assert meta.post(client, meta.batch(meta.value(messages=[written]))).status_code == 200
    worked()

    replies = [opening.message_content(one)["text"] for one in OutboundMessage.objects.order_by("created_at")]
    [act] = {record.act_id for record in records()}
    assert replies[0].endswith("/preferences/")
    assert replies[1].endswith(receipts.own_address(act))
    assert client.get(path(receipts.own_address(act))).status_code == 200
