"""WhatsApp through Meta: batches are kept first, worked on one update after the other, and answered in the chat."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from consent import catalogue, dialogue, erasure, opening, outbox, sample, spool, vault, work
from consent.contact import Contact
from consent.dialogue import tapping
from consent.models import (
    CapturePoint,
    Company,
    ConsentRecord,
    Hold,
    InboundMessage,
    MessageTemplate,
    OutboundMessage,
    Purpose,
    Sender,
)
from consent.providers import egress
from consent.providers.meta_numbers import Keys
from consent.sample import Sample
from tests import cast, meta
from tests.capture.test_sms import Down
from tests.cast import ANA
from tests.providers.conftest import Scripted, scripted

__all__ = ["scripted"]


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return meta.sender(aurora)


@pytest.fixture
def graph(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """A Graph API that takes every message."""
    monkeypatch.setattr(egress, "META", scripted.url)
    scripted.answers(200, json.dumps({"messages": [{"id": "wamid.OUT"}]}))
    return scripted


def states() -> list[tuple[str, str]]:
    """(purpose's channel, state) of every record, in order."""
    return list(ConsentRecord.objects.order_by("arrival").values_list("channel", "state"))


def invited(client: Client, graph: Scripted) -> dict[str, str]:
    """Ana is asked by buttons; what each of them carries, by its answer."""
    meta.delivers(client, meta.text("promo"))
    outbox.drain()
    buttons = json.loads(graph.seen[-1]["body"])["interactive"]["action"]["buttons"]
    payloads = [button["reply"]["id"] for button in buttons]
    return {payload.partition(".")[0]: payload for payload in payloads}


def test_a_keyword_is_answered_by_buttons_and_a_tap_is_a_yes_with_its_receipt(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    assert meta.delivers(client, meta.text("Promo")) == ["answered"]
    outbox.drain()

    (asked,) = [json.loads(seen["body"]) for seen in graph.seen]
    buttons = [button["reply"] for button in asked["interactive"]["action"]["buttons"]]
    assert asked["to"] == "+5511987654321"
    assert "Café Aurora" in asked["interactive"]["body"]["text"]
    assert "WhatsApp" in asked["interactive"]["body"]["text"]
    assert [button["title"] for button in buttons] == ["Sim, aceito", "Não, obrigado", "Parar mensagens"]
    assert {state for _channel, state in states()} == {"requested"}

    yes = meta.tap(buttons[0]["id"], context={"from": "15550783881", "id": "wamid.OUT"})
    meta.delivers(client, yes)
    outbox.drain()

    given = list(ConsentRecord.objects.filter(state="given"))
    assert {record.channel for record in given} == {"sms", "whatsapp"}
    assert {record.possession for record in given} == {"reply"}
    evidence = opening.evidence_of(given[0].act_id)
    assert evidence["message_id"] == yes["id"]
    assert evidence["payload"] == buttons[0]["id"]
    assert "Ana Souza" in evidence["profile"]
    assert json.loads(evidence["update"])["type"] == "interactive"
    assert evidence["answers"][0]["question"] == asked["interactive"]["body"]["text"]
    assert evidence["answers"][0]["asked_at"]
    assert evidence["answers"][0]["question_id"] == "wamid.OUT"
    receipt = json.loads(graph.seen[-1]["body"])
    assert "/r/" in receipt["text"]["body"]
    assert cast.may(aurora, channel="whatsapp").allow
    assert not OutboundMessage.objects.filter(state="queued").exists()


def test_a_stop_is_a_withdrawal_and_told_once(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    cast.says(aurora, channel="whatsapp")

    meta.delivers(client, meta.text("Sair"))
    outbox.drain()

    assert states()[-1] == ("whatsapp", "withdrawn")
    assert not cast.may(aurora, channel="whatsapp").allow
    (seen,) = graph.seen
    assert "Café Aurora" in json.loads(seen["body"])["text"]["body"]


def test_words_do_as_well_as_buttons(aurora: Sample, sender: Sender, graph: Scripted, client: Client) -> None:
    meta.delivers(client, meta.text("PROMO"))
    outbox.drain()
    meta.delivers(client, meta.text("Sim, aceito"))

    assert {state for _channel, state in states()} == {"requested", "given"}


@pytest.mark.parametrize(("answer", "state"), [("yes", "given"), ("no", "refused"), ("stop", "withdrawn")])
def test_what_a_button_carries_beats_what_stands_on_it(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client, answer: str, state: str
) -> None:
    payload = invited(client, graph)[answer]

    meta.delivers(client, meta.tap(payload, title="Sim" if answer != "yes" else "Não"))

    assert states()[-1][1] == state


@pytest.mark.parametrize("title", ["Sim", "Sim, aceito", "Talvez"])
def test_a_button_that_is_not_ours_is_no_yes(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client, title: str
) -> None:
    payload = invited(client, graph)["yes"]

    kept = meta.delivers(
        client,
        meta.tap("order-4711", title),
        meta.tap(payload[:-1] + ("A" if payload[-1] != "A" else "B"), title),
        meta.message("button", {"payload": title, "text": title}),
        meta.message("image", {"id": "1", "caption": title}),
        meta.text(title, group_id="Y2FwaV9ncm91cDo"),
    )

    assert {state for _channel, state in states()} == {"requested"}
    assert sorted(kept[1:]) == ["answered", *["kept"] * 4]  # whoever sent the picture is told how to answer


@pytest.mark.parametrize(
    "message",
    [
        meta.text("PARAR"),
        meta.tap("order-4711", "Cancelar"),
        meta.message("button", {"payload": "STOP", "text": "Chega de ofertas"}),
        meta.message("button", {"payload": "optout:v3", "text": "Sair"}),
        meta.message("image", {"id": "1", "caption": "não quero mais"}),
        meta.text("sair", group_id="Y2FwaV9ncm91cDo"),
        meta.text("sair", timestamp="abc"),
        meta.text("sair\ud800"),
        meta.message("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "Stop"}}),
        meta.message(
            "interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": '{"answer": "stop"}'}}
        ),
    ],
    ids=range(10),
)
def test_a_stop_counts_wherever_it_stands(
    aurora: Sample, sender: Sender, client: Client, message: dict[str, Any]
) -> None:
    cast.says(aurora, channel="whatsapp")

    assert meta.delivers(client, message) == ["answered"]

    assert not cast.may(aurora, channel="whatsapp").allow


def test_a_flow_says_yes_to_the_question_in_its_token(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    CapturePoint.objects.update(flow="1122334455")
    meta.delivers(client, meta.text("promo"))
    outbox.drain()
    asked = json.loads(graph.seen[-1]["body"])["interactive"]["action"]["parameters"]
    assert (asked["flow_id"], asked["flow_cta"]) == ("1122334455", "Responder agora")

    def finished(**given: Any) -> dict[str, Any]:
        answer = {"name": "flow", "body": "Sent", "response_json": json.dumps(given)}
        return meta.message("interactive", {"type": "nfm_reply", "nfm_reply": answer})

    meta.delivers(client, finished(answer="yes"), finished(flow_token=asked["flow_token"], answer="maybe"))
    meta.delivers(client, finished(flow_token="yes.forged", answer="yes"), finished(flow_token=5, answer=[]))
    for body in ("no json", "[" * 100_000, "[]", None):
        reply = {"type": "nfm_reply", "nfm_reply": {"response_json": body}}
        assert meta.delivers(client, meta.message("interactive", reply))[-1] == "kept"
    payment = {"type": "payment", "payment": {}}
    assert meta.delivers(client, meta.message("interactive", payment))[-1] == "unreadable"
    assert {state for _channel, state in states()} == {"requested"}

    meta.delivers(client, finished(flow_token=asked["flow_token"], answer="yes"))
    assert states()[-1][1] == "given"
    meta.delivers(client, finished(flow_token=asked["flow_token"], answer="stop"))
    assert not cast.may(aurora, channel="whatsapp").allow


def test_a_statement_too_long_for_buttons_is_asked_and_answered_in_words(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    Purpose.objects.update(description={"pt-BR": "x" * 600, "en": "x", "es": "x"})

    meta.delivers(client, meta.text("promo"))
    outbox.drain()

    sent = json.loads(graph.seen[-1]["body"])
    assert (sent["type"], len(sent["text"]["body"]) > 1024) == ("text", True)
    meta.delivers(client, meta.text("sim"))
    assert states()[-1][1] == "given"


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
def test_titles_of_buttons_fit_and_differ_in_every_language(language: str) -> None:
    titles = list(tapping.titles(language).values())

    assert all(0 < len(title) <= 20 for title in titles)
    assert len(set(titles)) == 3


# --- bad input


def test_one_malformed_update_harms_no_other(
    aurora: Sample, sender: Sender, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """D05: three entries with five changes each."""
    said = [meta.text("sair", **{"from": cast.stranger(number).value[1:]}) for number in range(15)]
    changes: list[Any] = [{"field": "messages", "value": meta.value(messages=[one])} for one in said]
    changes[7]["value"]["messages"] = [{"id": {}, "type": ["text"], "from": "?"}]
    entries = [{"id": meta.ACCOUNT, "changes": changes[start : start + 5]} for start in (0, 5, 10)]

    assert meta.post(client, {"entry": entries}).status_code == 200
    meta.drain()

    assert sorted(meta.kept()) == ["answered"] * 14 + ["unreadable"]
    assert ConsentRecord.objects.filter(state="withdrawn").count() == 14
    assert "it is kept for staff" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"entry": 5}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"entry":' + b"[" * 100_000,
        b'{"entry": [NaN',
    ],
    ids=range(8),
)
def test_a_signed_body_that_is_no_batch_is_kept_for_staff(
    sender: Sender, client: Client, body: bytes
) -> None:
    assert meta.post(client, body).status_code == 200
    meta.drain()

    assert meta.kept() == ["unreadable"]


@pytest.mark.parametrize(
    "content",
    [
        {"entry": [5, None, {"id": 1}, {"changes": {}}]},
        {"entry": [{"id": "1", "changes": [5, {"field": "messages"}, {"field": "messages", "value": []}]}]},
        meta.batch(meta.value(messages="x"), meta.value(messages=[5, None, []])),
        meta.batch({"metadata": [], "messages": [meta.text("sair")]}),
        meta.batch({"metadata": {"phone_number_id": [meta.NUMBER_ID]}, "statuses": [{"status": []}]}),
        meta.batch(meta.value(statuses=[{"status": "sent", "errors": "x"}, {"status": "warning"}, {}])),
        meta.batch(
            meta.value(user_preferences=[{"value": "stop"}, {"value": "else", "wa_id": "5511987654321"}])
        ),
        meta.batch(meta.value(contacts=[5, {"wa_id": 7}], messages=[meta.text("oi", id=None)])),
        meta.batch(meta.value(messages=[meta.message("interactive", {"type": "button_reply"})])),
        meta.batch(meta.value(messages=[meta.message("system", {"type": "user_changed_user_id"})])),
        meta.batch(meta.value(messages=[meta.text("oi", **{"from": "anonymous"}, contacts=[])], contacts=[])),
    ],
    ids=range(11),
)
def test_whatever_shape_it_has_it_is_kept_and_nothing_breaks(
    aurora: Sample, sender: Sender, client: Client, content: Any
) -> None:
    assert meta.post(client, content).status_code == 200
    meta.drain()

    assert "received" not in meta.kept()
    assert not ConsentRecord.objects.exists()


POISON = [
    meta.batch(meta.value(statuses=[{"id": "\ud800", "status": "delivered"}])),
    meta.batch(meta.value(statuses=[{"id": "\0", "status": "delivered"}])),
    meta.batch(meta.value(statuses=[{"id": "a", "status": "failed", "errors": [{"code": "\ud800\0"}]}])),
    meta.batch(meta.value(number_id="\ud800", messages=[meta.text("oi")])),
    meta.batch(meta.value(number_id="\0", messages=[meta.text("oi")])),
    meta.batch(meta.value(messages=[meta.text("oi", id="\ud800\0")])),
    meta.batch(meta.value(messages=[meta.text("oi", **{"from": ["x"], "wa_id": {}})])),
    meta.batch(meta.value(messages=[meta.text("oi")], contacts=[{"wa_id": ["x"], "user_id": {}}, {}])),
    meta.batch(meta.value(), field="\ud800\0"),
    meta.batch(meta.value(event="ACCOUNT_UPDATE\ud800\0"), field="account_update"),
    {"entry": [{"id": "\ud800\0", "changes": [{"field": "account_update", "value": {"event": "X"}}]}]},
]


@pytest.mark.parametrize("content", POISON, ids=range(len(POISON)))
def test_nothing_that_one_company_signs_keeps_anothers_stop_waiting(
    aurora: Sample, sender: Sender, client: Client, content: Any
) -> None:
    """What no database takes, and what no set holds, is left to staff; the next message is acted on."""
    assert meta.post(client, content).status_code == 200
    meta.drain()
    assert meta.delivers(client, meta.text("sair"))[-1] == "answered"

    assert "received" not in meta.kept()
    assert ConsentRecord.objects.filter(state="withdrawn").exists()


@pytest.mark.parametrize(
    "timestamp", ["1749416383000", "-5", "abc", "1767139200000000", "1" + "0" * 18, None, 1.5, [], True]
)
def test_a_time_that_is_none_is_ours_and_the_evidence_says_so(
    aurora: Sample, sender: Sender, client: Client, timestamp: Any
) -> None:
    """D09."""
    cast.says(aurora, channel="whatsapp")

    assert meta.delivers(client, meta.text("sair", timestamp=timestamp)) == ["answered"]

    stop = ConsentRecord.objects.filter(state="withdrawn")[0]
    assert abs((stop.recorded_at - stop.event_time).total_seconds()) < 60
    assert opening.evidence_of(stop.act_id)["bad_time"] is True


def test_the_same_message_days_later_is_the_same(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    """D08: in another batch, beside others, under another name."""
    stop = meta.text("sair")
    meta.delivers(client, stop)
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        contacts = [{"profile": {"name": "Another"}, "wa_id": ANA.value[1:]}]
        meta.delivers(client, meta.text("oi"), stop, contacts=contacts)

    assert ConsentRecord.objects.count() == 1
    assert meta.kept() == ["answered", "answered"]
    assert OutboundMessage.objects.count() == 1


def test_one_id_with_two_contents_is_a_conflict_and_the_first_counts(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    first = meta.text("sair")

    kept = meta.delivers(client, first) and meta.delivers(client, first | {"text": {"body": "sim"}})

    assert sorted(kept) == ["answered", "conflict"]
    assert ConsentRecord.objects.count() == 1


def test_an_update_for_somebody_elses_number_is_unrouted(
    aurora: Sample, sender: Sender, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """D11: another company's app is believed about its own numbers only."""
    bakery = Company.objects.create(slug="padaria", name="Padaria", legal_name="Padaria Ltda.")
    other = Keys(("t",), ("their-secret",), ("v",))
    meta.sender(aurora, company=bakery, keys=other, number_id="222", address="+15550783882")
    cast.says(aurora, channel="whatsapp")
    said = meta.batch(
        meta.value(messages=[meta.text("sair")], statuses=[{"id": "wamid.X", "status": "read"}]),
        meta.value(number_id="999", messages=[meta.text("sair")]),
    )

    meta.post(client, said, secret="their-secret")
    meta.drain()

    assert meta.kept() == ["unrouted", "unrouted"]
    assert cast.may(aurora, channel="whatsapp").allow
    assert "not ours" in caplog.text


def test_the_number_in_the_message_counts_and_another_beside_it_is_noted(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    """D12."""
    cast.says(aurora, channel="whatsapp")

    meta.delivers(client, meta.text("sair"), contacts=[{"wa_id": "5521976543210"}])

    stop = ConsentRecord.objects.filter(state="withdrawn")[0]
    assert opening.evidence_of(stop.act_id)["other_wa_id"] is True
    assert not cast.may(aurora, channel="whatsapp").allow


def test_what_is_new_in_a_message_does_not_matter_however_deep(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    """D14."""
    deep: Any = {}
    for _level in range(200):
        deep = {"deeper": [deep]}

    kept = meta.delivers(client, meta.text("sair", new=deep, text={"body": "sair", "new": deep}), new=deep)

    assert sorted(kept) == ["answered", "unreadable"]
    assert states() == [("whatsapp", "withdrawn")]


@pytest.mark.parametrize(
    ("kind", "state"),
    [("reaction", "kept"), ("sticker", "kept"), ("telepathy", "unreadable"), ("unsupported", "unreadable")],
)
def test_kinds_of_messages_that_say_nothing_are_kept_and_new_ones_shown_to_staff(
    aurora: Sample, sender: Sender, client: Client, kind: str, state: str
) -> None:
    """D10."""
    assert meta.delivers(client, meta.message(kind, {"emoji": "👍"})) == [state]
    assert not ConsentRecord.objects.exists()


def test_whoever_leaves_a_number_takes_no_consent_along_and_leaves_none(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    """D10: a number that changed hands."""
    cast.says(aurora, channel="whatsapp")
    body = "User Ana Souza changed from 5511987654321 to 5521976543210"
    system = {"body": body, "wa_id": "5521976543210", "type": "user_changed_number"}

    assert meta.delivers(client, meta.message("system", system)) == ["answered"]

    assert not cast.may(aurora, channel="whatsapp").allow
    assert not cast.may(aurora, cast.BRUNO, channel="whatsapp").allow


def test_a_user_id_and_its_number_are_one_person(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    user_id = "BR.13491208655302741918"
    nameless = {"from": None, "from_user_id": user_id}
    meta.delivers(client, meta.text("promo", **nameless), contacts=[{"user_id": user_id}])
    outbox.drain()
    asked = json.loads(graph.seen[-1]["body"])
    assert (asked["recipient"], "to" in asked) == (user_id, False)
    yes = asked["interactive"]["action"]["buttons"][0]["reply"]["id"]
    meta.delivers(client, meta.tap(yes, **nameless), contacts=[{"user_id": user_id}])
    assert states()[-1][1] == "given"

    meta.delivers(client, meta.text("oi", from_user_id=user_id))
    assert cast.may(aurora, channel="whatsapp").allow
    meta.delivers(client, meta.text("sair"))

    assert not cast.may(aurora, channel="whatsapp").allow
    somebody = Contact.whatsapp_user(user_id)
    assert not cast.may(aurora, somebody, channel="whatsapp").allow


# --- what people choose in WhatsApp itself


def preference(value: str, **changes: Any) -> dict[str, Any]:
    chosen = {"wa_id": ANA.value[1:], "detail": "…", "category": "marketing_messages", "value": value}
    return {"timestamp": int(timezone.now().timestamp()), **chosen, **changes}


def test_a_stop_in_whatsapp_itself_is_a_block_that_no_yes_of_ours_lifts(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    cast.says(aurora, channel="whatsapp")
    earlier = int(timezone.now().timestamp()) - 600  # further away than two clocks may differ

    assert meta.delivers(client, user_preferences=[preference("stop", timestamp=earlier)]) == ["answered"]

    assert states()[-1] == ("whatsapp", "withdrawn")
    assert set(ConsentRecord.objects.filter(state="withdrawn").values_list("entity", flat=True)) == {
        "platform:meta"
    }
    cast.says(aurora, channel="whatsapp")
    assert not cast.may(aurora, channel="whatsapp").allow
    meta.delivers(client, user_preferences=[preference("resume")])
    assert cast.may(aurora, channel="whatsapp").allow


def test_resume_is_no_consent(aurora: Sample, sender: Sender, client: Client) -> None:
    cast.says(aurora, channel="whatsapp")
    meta.delivers(client, user_preferences=[preference("stop")])

    meta.delivers(client, user_preferences=[preference("resume")])

    assert not cast.may(aurora, channel="whatsapp").allow
    assert (
        meta.delivers(client, user_preferences=[preference("resume", category="calls")])[-1] == "unreadable"
    )


def test_a_yes_by_a_sign_up_link_counts_for_offers_with_its_words(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    text = "Receba ofertas do Café Aurora no WhatsApp."
    assert meta.delivers(client, user_preferences=[preference("signup", signup_id="131")]) == ["unreadable"]
    CapturePoint.objects.filter(pk=aurora.point.pk).update(signup="131", signup_text=text)
    catalogue.forget()

    signed_up = preference("signup", signup_id="131", detail="User signed up")
    meta.delivers(client, user_preferences=[signed_up])

    assert states() == [("whatsapp", "given")]
    evidence = opening.evidence_of(ConsentRecord.objects.get().act_id)
    assert (evidence["shown"], evidence["signup"]) == (text, "131")
    assert json.loads(evidence["update"])["signup_id"] == "131"
    assert cast.may(aurora, channel="whatsapp").allow
    CapturePoint.objects.update(signup_text="")
    catalogue.forget()
    another = preference("signup", signup_id="131", detail="Again")
    assert meta.delivers(client, user_preferences=[another])[-1] == "unreadable"


# --- what became of what we sent


def test_statuses_move_a_message_on_in_any_order_and_leave_no_rows(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    meta.delivers(client, meta.text("promo"))
    outbox.drain()
    message = OutboundMessage.objects.get()

    def told(status: str, **more: Any) -> str:
        told = {
            "id": "wamid.OUT",
            "status": status,
            "timestamp": "1751142888",
            "recipient_id": "5511987654321",
        }
        meta.delivers(client, statuses=[told | more])
        message.refresh_from_db()
        return message.state

    assert told("sent") == "sent"
    assert told("read", biz_opaque_callback_data=message.pk.hex) == "delivered"
    assert told("failed", errors=[{"code": 131026}]) == "delivered"
    assert told("delivered", biz_opaque_callback_data="not ours") == "delivered"
    assert meta.kept() == ["answered"]
    assert told("deleted") == "delivered"
    assert meta.kept() == ["answered", "unreadable"]


def failed(code: int, **told: str) -> dict[str, Any]:
    """A status that says that a message did not get through, the first of ours unless `told` says which."""
    return {"id": "wamid.OUT", "status": "failed", "errors": [{"code": code}], **told}


@pytest.mark.parametrize(
    ("code", "reason"), [(131050, "withdrawn"), (131026, "unreachable"), (131049, "limited")]
)
def test_a_failure_is_a_stop_only_where_the_person_stopped(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client, code: int, reason: str
) -> None:
    cast.says(aurora, channel="whatsapp")
    meta.delivers(client, meta.text("ajuda"))
    outbox.drain()

    meta.delivers(client, statuses=[failed(code, recipient_id="5511987654321")])

    assert OutboundMessage.objects.get().state == "failed"
    assert OutboundMessage.objects.get().error == str(code)
    assert cast.may(aurora, channel="whatsapp").reason == reason
    assert ConsentRecord.objects.filter(state="withdrawn").exists() is (reason == "withdrawn")


@pytest.mark.parametrize("found_by", ["our id", "its wamid"])
@pytest.mark.parametrize("user_id", ["BR.13491208655302741918", ""])
def test_a_failure_that_names_no_number_stops_whom_the_message_was_for(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client, user_id: str, found_by: str
) -> None:
    """Meta leaves the number out for whoever has a username, and the yes is known by the number."""
    cast.says(aurora, channel="whatsapp")
    meta.delivers(client, meta.text("ajuda"))
    outbox.drain()
    ours = OutboundMessage.objects.get().pk.hex if found_by == "our id" else ""
    told = failed(131050, recipient_user_id=user_id, biz_opaque_callback_data=ours)

    post = meta.batch(meta.value(statuses=[told], contacts=[{"user_id": user_id}]))
    assert meta.post(client, post).status_code == 200
    meta.drain()

    assert cast.may(aurora, channel="whatsapp").reason == "withdrawn"
    if user_id:
        assert cast.may(aurora, Contact.whatsapp_user(user_id), channel="whatsapp").reason == "withdrawn"
    assert Hold.objects.get().kind == "blocked"


@pytest.mark.parametrize("named", ["another's", "nobody's", "erased"])
def test_a_failure_of_no_message_of_ours_stops_the_user_id_alone(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client, named: str
) -> None:
    cast.says(aurora, channel="whatsapp")
    meta.delivers(client, meta.text("ajuda"))
    message = OutboundMessage.objects.get()
    if named == "another's":
        OutboundMessage.objects.update(sender=aurora.sender)
    elif named == "erased":
        OutboundMessage.objects.update(sealed=b"")
    user_id = "BR.13491208655302741918"
    about = vault.new_id().hex if named == "nobody's" else message.pk.hex
    told = failed(131050, id="wamid.ELSE", recipient_user_id=user_id, biz_opaque_callback_data=about)

    post = meta.batch(meta.value(statuses=[told], contacts=[{"user_id": user_id}]))
    assert meta.post(client, post).status_code == 200
    meta.drain()

    somebody = Contact.whatsapp_user(user_id)
    assert cast.may(aurora, somebody, channel="whatsapp").reason == "withdrawn"
    assert cast.may(aurora, channel="whatsapp").allow


def test_a_refusal_because_the_person_stopped_is_a_withdrawal_and_a_block(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    cast.says(aurora, channel="whatsapp")
    meta.delivers(client, meta.text("ajuda"))
    graph.answers(400, json.dumps({"error": {"code": 131050, "message": "stopped"}}))

    work.send()

    assert states()[-1] == ("whatsapp", "withdrawn")
    assert Hold.objects.get().kind == "blocked"


def test_free_text_goes_only_to_whoever_wrote_within_a_day(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    meta.delivers(client, meta.text("ajuda"))
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        outbox.drain()

    message = OutboundMessage.objects.get()
    assert (message.state, message.error, graph.seen) == ("failed", "window.closed", [])


def test_a_typed_number_is_asked_by_an_approved_template(
    aurora: Sample, sender: Sender, graph: Scripted, client: Client
) -> None:
    CapturePoint.objects.update(sender=sender)
    body = "{company}: para receber {boxes}, toque num botão. Código: {code}."
    general = MessageTemplate(sender=sender, language="pt-BR", name="general", body="{boxes}: {company}")
    general.save()
    MessageTemplate.objects.create(
        sender=sender, point=aurora.point, language="pt-BR", name="confirm", body=body
    )
    catalogue.forget()

    asked = cast.asks(aurora, boxes=("novidades.whatsapp",))
    outbox.drain()

    sent = json.loads(graph.seen[-1]["body"])["template"]
    values, *buttons = sent["components"]
    code = vault.code(asked.act)
    assert (sent["name"], sent["language"]["code"]) == ("confirm", "pt_BR")
    assert [one["text"] for one in values["parameters"]] == [
        "Café Aurora", "Novidades e ofertas por WhatsApp", f"{code[:4]} {code[4:]}",
    ]  # fmt: skip
    no = buttons[1]["parameters"][0]["payload"]
    yes = buttons[0]["parameters"][0]["payload"]
    meta.delivers(client, meta.message("button", {"payload": yes, "text": "Sim"}))
    assert states()[-1] == ("whatsapp", "given")
    meta.delivers(client, meta.message("button", {"payload": no, "text": "Não"}))
    assert cast.may(aurora, channel="whatsapp").reason == "withdrawn"  # they have thought better of it


def test_a_typed_number_that_never_wrote_is_not_asked_without_a_template(
    aurora: Sample, sender: Sender, graph: Scripted
) -> None:
    CapturePoint.objects.update(sender=sender)
    catalogue.forget()

    cast.asks(aurora, boxes=("novidades.whatsapp",))
    outbox.drain()

    assert OutboundMessage.objects.get().error == "window.closed"


# --- nothing is lost


def test_batches_wait_on_disk_while_the_database_is_down(
    aurora: Sample, sender: Sender, client: Client, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    cast.says(aurora, channel="whatsapp")
    meta.post(client, meta.batch())
    said = meta.batch(meta.value(messages=[meta.text("sair canary-7391")]))
    with connection.execute_wrapper(Down()):
        assert meta.post(client, said).status_code == 200

    (path,) = spool._folder().iterdir()
    assert b"canary" not in path.read_bytes()
    meta.drain()
    assert not cast.may(aurora, channel="whatsapp").allow


def test_without_disk_nothing_is_acknowledged(
    sender: Sender, client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    meta.post(client, meta.batch())
    (tmp_path / "spool").write_text("no folder")

    with connection.execute_wrapper(Down()):
        assert meta.post(client, meta.batch(meta.value(messages=[]))).status_code == 503


def test_what_stumbles_is_left_to_staff_and_harms_no_other(
    aurora: Sample, sender: Sender, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = dialogue.answer

    def stumble(**said: Any) -> str:
        if said["text"] == "oi":
            raise ZeroDivisionError(ANA.value)
        return answer(**said)

    monkeypatch.setattr(dialogue, "answer", stumble)

    assert sorted(meta.delivers(client, meta.text("oi"), meta.text("sair"))) == ["answered", "unreadable"]


def test_trouble_with_the_database_leaves_an_update_for_later(
    aurora: Sample, sender: Sender, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_said: Any) -> str:
        raise OperationalError("no")

    with monkeypatch.context() as trouble:
        trouble.setattr(dialogue, "answer", refuse)
        meta.post(client, meta.batch(meta.value(messages=[meta.text("sair")])))
        with pytest.raises(OperationalError):
            meta.drain()
    assert meta.kept() == ["received"]

    meta.drain()
    assert meta.kept() == ["answered"]


def test_nothing_personal_is_logged_or_kept_in_the_clear(
    aurora: Sample, sender: Sender, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    meta.delivers(client, meta.text("Promo"), meta.message("telepathy", {"x": "canary-1"}), meta.text("sair"))

    assert "Ana Souza" not in caplog.text
    assert ANA.value[1:] not in caplog.text
    for message in [*InboundMessage.objects.all(), *OutboundMessage.objects.all()]:
        assert b"Ana" not in bytes(message.sealed)


def test_an_answer_to_a_stranger_is_erased_with_whoever_they_turn_out_to_be(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    meta.delivers(client, meta.text("ajuda"))
    assert OutboundMessage.objects.get().subject == opening.NOBODY
    subject = cast.says(aurora).subject

    erasure.erase(subject, company=aurora.company, entity="subject")

    message = OutboundMessage.objects.get()
    assert (bytes(message.sealed), message.state) == (b"", "expired")
    assert not InboundMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_message_fifty_times_at_once_is_one_record_and_one_answer(graph: Scripted) -> None:
    aurora = sample.seed()
    meta.sender(aurora)
    stop = meta.text("sair")

    def deliver(number: int) -> None:
        try:
            said = meta.batch(meta.value(messages=[stop]), {"metadata": {}, "number": number})
            assert meta.post(Client(), said).status_code == 200
            meta.drain()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(deliver, range(50)))
    meta.drain()

    assert [state for _channel, state in states()] == ["withdrawn"]
    assert OutboundMessage.objects.count() == 1
    assert meta.kept().count("answered") == 1
    outbox.drain()
    assert len(graph.seen) == 1
