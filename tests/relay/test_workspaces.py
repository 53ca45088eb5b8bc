"""A workspace of RapidPro, or of Weni, hears of every change and tells who stopped: a local server of its shapes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import erasure
from consent.imports import keeping
from consent.log import tree
from consent.models import Attempt, ConsentRecord, Import, LogHead, Purpose, Subscription
from consent.relay import changes, doors, hearing
from consent.relay.doors import Door
from consent.sample import Sample
from tests import cast
from tests.cast import ANA, BRUNO
from tests.imports import lists
from tests.relay.receivers import Receiver, due_now, listening, status, subscribed, told
from tests.staff import signed_in, user


class Workspace:
    """What a workspace keeps: contacts by URN, fields, groups; and which request it refuses with 429."""

    def __init__(self) -> None:
        self.contacts: dict[str, dict[str, Any]] = {}
        self.fields = {"marketing_opt_in": "Marketing Opt In"}
        self.groups: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}
        self.refuse_after: int | None = None
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.tokens: set[str] = set()
        self.refuses: set[str] = set()

    def answer(self, receiver: Receiver) -> Any:
        def handle(request: BaseHTTPRequestHandler) -> None:
            headers, body = receiver.got[-1]
            self.tokens.add(headers["Authorization"])
            if self.refuse_after is not None and len(self.calls) >= self.refuse_after:
                return status(429, Retry_After="300")(request)
            parts = urlsplit(request.path)
            if self.refuses & set(parse_qs(parts.query).get("urn", [])):
                return status(400)(request)
            payload = json.loads(body) if body else {}
            found = self._do(request.command, parts.path, parse_qs(parts.query), payload, receiver)
            self.calls.append((f"{request.command} {parts.path}", payload))
            code = 204 if found is None else 200
            content = b"" if found is None else json.dumps(found).encode()
            request.send_response(code)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)
            return None

        return handle

    def _do(self, method: str, path: str, query: Any, body: dict[str, Any], receiver: Receiver) -> Any:
        name = path.removeprefix("/api/v2/").removesuffix(".json")
        if method == "GET" and name == "contacts":
            # Two pages, as cursors are: the first says where the second is.
            rows = list(self.contacts.values())
            half = len(rows) // 2 if "cursor" not in query else 0
            base = receiver.url.removesuffix("/hook")
            following = f"{base}/api/v2/contacts.json?cursor=x" if half else None
            return {
                "next": following,
                "previous": None,
                "results": rows[:half] if half else rows[len(rows) // 2 :],
            }
        if method == "GET":
            kept = {
                "fields": [{"key": key, "name": label, "type": "text"} for key, label in self.fields.items()],
                "groups": [{"uuid": uuid, "name": label} for label, uuid in self.groups.items()],
            }
            return {"next": None, "previous": None, "results": kept[name]}
        if name == "fields":
            key = body["name"].lower().replace(" ", "_").replace("-", "_")
            self.fields[key] = body["name"]
            return {"key": key, "name": body["name"], "type": body["type"]}
        if name == "groups":
            self.groups[body["name"]] = f"g-{len(self.groups)}"
            return {"uuid": self.groups[body["name"]], "name": body["name"]}
        if name == "contact_actions":
            self._act(body)
            return None
        [urn] = query["urn"]
        contact = self.contact(urn)
        assert set(body["fields"]) <= set(self.fields), "a field must exist before it is written"
        contact["fields"] |= body["fields"]
        return contact

    def contact(self, urn: str, **said: Any) -> dict[str, Any]:
        blank = {"uuid": f"c-{urn}", "urns": [urn], "status": "active", "fields": {}, "groups": [], "name": "Somebody",
                 "created_on": "2024-03-01T10:00:00Z", "modified_on": "2026-01-01T10:00:00Z"}  # fmt: skip
        return self.contacts.setdefault(urn, blank | said)

    def _act(self, body: dict[str, Any]) -> None:
        assert len(body["contacts"]) <= 100
        members = self.members.setdefault(body.get("group", ""), set())
        if body["action"] == "add":
            members.update(body["contacts"])
        elif body["action"] == "remove":
            members.difference_update(body["contacts"])
        else:
            assert body["action"] == "unblock"
            for urn in body["contacts"]:
                self.contacts[urn]["status"] = "active"


@contextmanager
def workspace(aurora: Sample) -> Iterator[tuple[Workspace, Subscription]]:
    with listening() as receiver:
        kept = Workspace()
        receiver.answer = kept.answer(receiver)
        made = Subscription(company=aurora.company, name="Weni", kind="rapidpro", due_at=timezone.now())
        doors.close(made, Door(receiver.url.removesuffix("/hook"), "secret-token"))
        made.save()
        yield kept, made


@pytest.fixture(autouse=True)
def _this_machine_may_be_asked(settings: Any) -> None:
    settings.OPTIN_INSIDE_HOSTS = ["127.0.0.1"]


def sequenced() -> None:
    while tree.sequence():
        pass


def urn(contact: Any) -> str:
    return f"tel:{contact.value}"


def test_contacts_get_fields_and_groups_for_each_purpose_and_channel(aurora: Sample) -> None:
    cast.says(aurora)
    cast.says(aurora, purpose=aurora.purposes["pedidos"])
    cast.says(aurora, BRUNO, purpose=aurora.purposes["pedidos"])
    erased = cast.says(aurora, cast.CLARA)
    erasure.erase(erased.subject, company=aurora.company, entity="staff:1")
    sequenced()
    with workspace(aurora) as (kept, subscription):
        told(subscription)
        ana = kept.contacts[urn(ANA)]["fields"]
        assert (ana["marketing_opt_in"], ana["optin_novidades_sms"], ana["optin_pedidos_sms"]) == (
            "true",
            "given",
            "given",
        )
        assert kept.contacts[urn(BRUNO)]["fields"]["marketing_opt_in"] == "false", "orders are no offers"
        assert kept.members[kept.groups["Optin novidades sms"]] == {urn(ANA)}
        assert kept.members[kept.groups["Optin pedidos sms"]] == {urn(ANA), urn(BRUNO)}
        assert set(kept.contacts) == {urn(ANA), urn(BRUNO)}
        assert kept.tokens == {"Token secret-token"}

        cast.stops(aurora)
        sequenced()
        told(subscription)
        assert kept.contacts[urn(ANA)]["fields"]["marketing_opt_in"] == "false"
        assert kept.members[kept.groups["Optin novidades sms"]] == set()


def test_a_limit_of_calls_is_honoured_and_nothing_is_lost(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with workspace(aurora) as (kept, subscription):
        kept.refuse_after = 0
        told(subscription)
        assert subscription.trouble == "rate.exceeded"
        assert 200 < (subscription.due_at - timezone.now()).total_seconds() <= 300
        assert subscription.position == 0
        before = len(kept.calls)
        told(subscription)
        assert len(kept.calls) == before, "nothing is asked before the time is over"
        kept.refuse_after = None
        due_now(subscription)
        assert told(subscription).position == changes.size()
        assert kept.contacts[urn(ANA)]["fields"]["marketing_opt_in"] == "true"


def test_who_stopped_there_has_withdrawn_here_once(aurora: Sample) -> None:
    cast.says(aurora)
    cast.says(aurora, BRUNO)
    sequenced()
    with workspace(aurora) as (kept, subscription):
        told(subscription)
        kept.contact("tel:+5511955554444", stopped=True, status=None)
        kept.contact("telegram:123", status="stopped")
        kept.contacts[urn(ANA)]["status"] = "stopped"
        for _ in range(3):  # what we tell it changes the contact, which must not be another stop
            Subscription.objects.update(pulled_until=None, due_at=timezone.now())
            told(subscription)
            sequenced()

        assert not cast.may(aurora).allow
        assert cast.may(aurora, BRUNO).allow
        stops = ConsentRecord.objects.filter(method="rapidpro")
        assert set(stops.values_list("entity", "state")) == {("platform:rapidpro", "withdrawn")}
        assert stops.values("act").distinct().count() == 2
        assert kept.contacts[urn(ANA)]["fields"]["marketing_opt_in"] == "false"


def test_who_agrees_again_here_is_no_longer_stopped_there(aurora: Sample) -> None:
    with workspace(aurora) as (kept, subscription):
        kept.contact(urn(ANA), status="stopped")
        told(subscription)
        assert ConsentRecord.objects.count() == 3
        cast.says(aurora)
        Subscription.objects.update(pulled_until=None)
        hearing.pull(Subscription.objects.get(), at=timezone.now())
        sequenced()
        told(subscription)
        assert kept.contacts[urn(ANA)]["status"] == "active"
        assert ConsentRecord.objects.filter(method="rapidpro").count() == 3


def test_a_token_that_is_refused_and_answers_without_sense_are_told(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        for code, trouble in ((403, "token.refused"), (500, "answer.refused"), (302, "answer.refused")):
            receiver.answer = status(code)
            made = Subscription(company=aurora.company, name="X", kind="rapidpro", due_at=timezone.now())
            doors.close(made, Door(receiver.url.removesuffix("/hook"), "t"))
            made.save()
            assert told(made).trouble == trouble
    assert Attempt.objects.count() == 3
    assert LogHead.objects.get().size > 0


def test_twilio_hears_of_every_yes_and_every_stop_on_its_channel(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_SANDBOX = True
    cast.says(aurora)
    cast.says(aurora, channel="whatsapp")
    cast.stops(aurora, BRUNO)
    sequenced()
    with listening() as receiver:
        settings.OPTIN_PUBLIC_URL = receiver.url.removesuffix("/hook")
        made = Subscription.objects.create(
            company=aurora.company, name="Twilio", kind="twilio", sender=aurora.sender, due_at=timezone.now()
        )

        def answer(request: BaseHTTPRequestHandler) -> None:
            content = json.dumps({"items": [{"error_code": 0}]}).encode()
            request.send_response(201)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)

        receiver.answer = answer
        told(made)
        assert made.position == changes.size()
        posted = [
            (one, body)
            for one, (_headers, body) in zip(receiver.asked, receiver.got, strict=True)
            if one.startswith("POST")
        ]
        [(asked, body)] = posted
        assert asked.endswith("/v1/Consents/Bulk")
        items = [json.loads(one) for one in parse_qs(body.decode())["Items"]]
        assert [(item["contact_id"], item["status"], item["source"]) for item in items] == [
            (ANA.value, "opt-in", "website"), (BRUNO.value, "opt-out", "website"),
        ]  # fmt: skip
        receiver.answer = status(401)
        cast.stops(aurora)
        sequenced()
        assert told(made).trouble


def test_its_contacts_come_in_as_claims(aurora: Sample, bruno: Client) -> None:
    Purpose.objects.update(validity_days=0)
    with workspace(aurora) as (kept, subscription):
        kept.contact(urn(ANA), fields={"marketing_opt_in": "true"})
        kept.contact("whatsapp:5521976543210", fields={"marketing_opt_in": "false"})
        kept.contact("tel:+5511955554444", fields={"marketing_opt_in": "true"}, status="stopped")
        kept.contact("facebook:1", fields={})
        page = bruno.post(reverse("admin:consent_subscription_contacts", args=[subscription.pk]), follow=True)
        assert "Contacts of Weni" in page.content.decode()
        batch = Import.objects.get()
        assert keeping.about(batch).columns.columns == {
            "contact": 0,
            "state": 1,
            "date": 2,
            "language": 3,
            "evidence": 4,
        }
        lists.try_out(batch, source="")
        assert lists.record(batch) == {"given": 1, "withdrawn": 2}
        assert cast.may(aurora).allow
        again = bruno.post(
            reverse("admin:consent_subscription_contacts", args=[subscription.pk]), follow=True
        )
        assert "Contacts of Weni" in again.content.decode()
        kept.refuse_after = 0
        refused = bruno.post(
            reverse("admin:consent_subscription_contacts", args=[subscription.pk]), follow=True
        )
        assert "It asked us to wait." in refused.content.decode()
        hook = subscribed(aurora, "http://127.0.0.1:9/")
        assert bruno.post(reverse("admin:consent_subscription_contacts", args=[hook.pk])).status_code == 404


def test_a_number_that_a_workspace_does_not_take_keeps_nobody_else_from_it(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with workspace(aurora) as (kept, subscription):
        kept.refuses = {urn(ANA)}
        told(subscription)
        assert subscription.position == changes.size()
        assert not kept.members


@pytest.fixture
def bruno(aurora: Sample) -> Client:
    return signed_in(user("bruno", "Staff", "Opens personal data", company=aurora.company))
