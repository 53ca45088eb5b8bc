"""Messages are handed to Meta as its own document wants them, once, and whatever happens has a meaning."""

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema
import pytest
import yaml

from consent import providers
from consent.contact import Contact
from consent.models import Sender
from consent.outgoing import Button, Outgoing, Template
from consent.providers import SendError, egress, meta, meta_numbers
from consent.sample import Sample
from tests import meta as webhooks
from tests import payloads
from tests.cast import ANA
from tests.meta import NUMBER_ID
from tests.providers.conftest import Scripted

CONTENT_SID = "HX" + "0" * 32
MESSAGE = uuid.UUID("018ea981-cd56-7e1e-8c00-000000000001")
DOCUMENT = payloads.META / "business-messaging-api.openapi.yaml"
TWILIOS = payloads.TWILIO / "twilio_api_v2010.openapi.json"

BUTTONS = (Button("yes.1", "Sim, aceito"), Button("no.1", "Não, obrigado"), Button("stop.1", "Parar"))
CONTENTS = {
    "text": Outgoing(to=ANA, text="Olá, Ana"),
    "buttons": Outgoing(to=ANA, text="Podemos escrever?", buttons=BUTTONS),
    "flow": Outgoing(to=ANA, text="Podemos?", buttons=(Button("yes.1", "Responder"),), flow="123"),
    "template": Outgoing(
        to=ANA, text="…", buttons=BUTTONS, template=Template("confirm", "pt_BR", ("Aurora", "novidades"))
    ),
    "plain template": Outgoing(to=ANA, text="Olá", template=Template("hello", "en")),
}


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return webhooks.sender(aurora)


@pytest.fixture
def graph(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr(egress, "META", scripted.url)
    scripted.answers(200, json.dumps({"messages": [{"id": "wamid.OUT"}]}))
    return scripted


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """Meta's schema of a message, mended where it contradicts itself.

    Its parts each forbid what the others ask for, and its pattern of a button's index does not fit its own example.
    """
    if not DOCUMENT.exists():
        pytest.skip("Meta's OpenAPI document is not here")
    document = yaml.load(DOCUMENT.read_text(), Loader=yaml.CSafeLoader)
    schemas = document["components"]["schemas"]
    for name in ("TextMessage", "InteractiveMessage", "TemplateMessage"):
        schemas[name]["allOf"][1].pop("additionalProperties", None)
    assert schemas["TemplateComponent"]["properties"]["index"].pop("pattern") == "^[2-6, 11-14]$"
    parts = [{"$ref": f"#/components/schemas/{name}Message"} for name in ("Text", "Interactive", "Template")]
    return {"oneOf": parts, "components": document["components"]}


@pytest.mark.parametrize("name", CONTENTS)
def test_what_we_send_is_what_metas_own_document_describes(schema: dict[str, Any], name: str) -> None:
    body = meta.request_body(CONTENTS[name], message=MESSAGE)

    jsonschema.validate(body, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**body, "type": "unheard of"}, schema)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("text", "send__send_text_message.json"),
        ("buttons", "send__send_reply_button.json"),
        ("flow", "send__send_published_flow_by_id.json"),
        ("template", "send__send_message_template_interactive.json"),
    ],
)
def test_what_we_send_has_the_shape_of_metas_samples(name: str, sample: str) -> None:
    path = payloads.META / sample
    if not path.exists():
        pytest.skip(f"{sample} of Meta's samples is not here")
    theirs = json.loads(path.read_text())

    ours = meta.request_body(CONTENTS[name], message=None)

    assert set(ours) == set(theirs)
    part = ours["type"]
    assert set(ours[part]) <= set(theirs[part])
    if name == "template":
        kinds = {(one["type"], one.get("sub_type")) for one in theirs["template"]["components"]}
        assert {(one["type"], one.get("sub_type")) for one in ours["template"]["components"]} <= kinds
    if name == "buttons":
        assert [set(one) for one in ours[part]["action"]["buttons"]] == [
            set(theirs[part]["action"]["buttons"][0])
        ] * 3
    if name == "flow":
        wanted = set(theirs[part]["action"]["parameters"])
        assert set(ours[part]["action"]["parameters"]) <= wanted


def test_a_message_goes_to_its_number_with_its_token_and_our_own_id(sender: Sender, graph: Scripted) -> None:
    assert providers.send(sender, CONTENTS["text"], message=MESSAGE) == "wamid.OUT"

    (seen,) = graph.seen
    assert seen["path"] == f"/v24.0/{NUMBER_ID}/messages"
    assert seen["headers"]["Authorization"] == "Bearer an-access-token"
    assert seen["headers"]["Content-Type"] == "application/json"
    assert json.loads(seen["body"]) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+5511987654321",
        "type": "text",
        "text": {"preview_url": False, "body": "Olá, Ana"},
        "biz_opaque_callback_data": MESSAGE.hex,
    }


def test_whoever_has_no_number_is_written_to_by_their_user_id(sender: Sender, graph: Scripted) -> None:
    somebody = Contact.whatsapp_user("BR.13491208655302741918")

    providers.send(sender, Outgoing(to=somebody, text="Olá"))

    body = json.loads(graph.seen[0]["body"])
    assert (body["recipient"], "to" in body, "biz_opaque_callback_data" in body) == (
        "BR.13491208655302741918",
        False,
        False,
    )


def test_a_number_of_the_sandbox_speaks_to_the_sandboxs_own_graph(
    aurora: Sample, scripted: Scripted, settings: Any
) -> None:
    sender = webhooks.sender(aurora, provider="sandbox", secret=b"")
    scripted.answers(200, json.dumps({"messages": [{"id": "wamid.OUT"}]}))

    assert providers.send(sender, CONTENTS["text"]) == "wamid.OUT"

    assert scripted.seen[0]["path"] == f"/sandbox/meta/v24.0/{NUMBER_ID}/messages"
    settings.OPTIN_SANDBOX = False
    assert failure(sender) == ("sandbox.off", False, False, False)


def failure(sender: Sender) -> tuple[str, bool, bool, bool]:
    """How sending fails: (code, permanent, uncertain, stopped)."""
    with pytest.raises(SendError) as caught:
        providers.send(sender, CONTENTS["text"], message=MESSAGE)
    assert ANA.value not in str(caught.value)
    error = caught.value
    return error.code, error.permanent, error.uncertain, error.stopped


TRY_AGAIN, NEVER, STOPPED = (False, False, False), (True, False, False), (True, False, True)
PERHAPS = (False, True, False)


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 131050, STOPPED),
        (400, 131026, NEVER),
        (400, 131047, NEVER),
        (400, 131049, NEVER),
        (400, 130472, NEVER),
        (400, 132001, NEVER),
        (400, 100, NEVER),
        (403, 368, NEVER),
        (403, 131031, NEVER),
        (400, 131056, TRY_AGAIN),
        (429, 130429, TRY_AGAIN),
        (400, 131048, TRY_AGAIN),
        (429, 80007, TRY_AGAIN),
        (401, 190, TRY_AGAIN),
        (403, 10, TRY_AGAIN),
        (403, 299, TRY_AGAIN),
        (500, 131000, TRY_AGAIN),
        (500, 131016, TRY_AGAIN),
        (503, 2, TRY_AGAIN),
        (500, 131057, TRY_AGAIN),
    ],
)
def test_metas_codes_say_what_to_do(
    sender: Sender, graph: Scripted, status: int, code: int, meaning: tuple[bool, bool, bool]
) -> None:
    error = {"message": f"(#{code}) {ANA.value}", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    graph.answers(status, json.dumps({"error": error}))

    assert failure(sender) == (str(code), *meaning)
    assert len(graph.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, "<html>oops</html>", ("500", *PERHAPS)),
        (502, "", ("502", *PERHAPS)),
        (504, "{}", ("504", *PERHAPS)),
        (503, "[]", ("503", *TRY_AGAIN)),
        (401, "", ("401", *TRY_AGAIN)),
        (429, '{"error": "slow down"}', ("429", *TRY_AGAIN)),
        (404, "", ("404", *NEVER)),
        (302, "", ("302", *TRY_AGAIN)),
        (200, "a captive portal", ("answer.unreadable", *PERHAPS)),
        (200, "{}", ("answer.unreadable", *PERHAPS)),
        (200, '{"messages": [{"id": 5}]}', ("answer.unreadable", *PERHAPS)),
    ],
)
def test_an_answer_without_a_code_is_judged_by_its_status(
    sender: Sender, graph: Scripted, status: int, body: str, expected: tuple[Any, ...]
) -> None:
    graph.answers(status, body)

    assert failure(sender) == expected


@pytest.mark.parametrize(
    "sample", sorted(payloads.META.glob("phone_get_[45]*.json")), ids=lambda path: path.stem
)
def test_every_sample_of_an_error_has_a_code_we_read(sender: Sender, graph: Scripted, sample: Path) -> None:
    error = json.loads(sample.read_text())
    graph.answers(int(sample.name.split("_")[2]), json.dumps(error))

    assert failure(sender)[0] == str(error["error"]["code"])


@pytest.mark.parametrize(
    "sample", sorted(payloads.META.glob("send_response200*.json")), ids=lambda path: path.stem
)
def test_every_sample_of_an_answer_names_the_message(sender: Sender, graph: Scripted, sample: Path) -> None:
    graph.answers(200, sample.read_text())

    sent = providers.send(sender, CONTENTS["text"])

    assert sent == json.loads(sample.read_text())["messages"][0]["id"]


def test_a_line_that_breaks_has_perhaps_sent_it(sender: Sender, graph: Scripted) -> None:
    graph.hangs_up()

    assert failure(sender) == ("egress.connection", *PERHAPS)


def test_without_keys_nothing_is_sent(sender: Sender) -> None:
    for secret in (b"", meta_numbers.seal("another", webhooks.KEYS)):
        sender.secret = secret
        assert failure(sender) == ("account.no_token", False, False, False)


def test_whatsapp_at_twilio_is_addressed_as_twilio_wants_it(aurora: Sample, scripted: Scripted) -> None:
    sender = Sender(company=aurora.company, channel="whatsapp", provider="sandbox", address="+551140028929")
    scripted.answers(201, json.dumps({"sid": "SM1"}))

    content = replace(CONTENTS["template"], template=Template(CONTENT_SID, "pt_BR", ("Aurora", "novidades")))
    providers.send(sender, content)
    providers.send(sender, CONTENTS["buttons"])

    templated, plain = (
        {name: one for name, (one,) in parse_qs(seen["body"]).items()} for seen in scripted.seen
    )
    assert (templated["From"], templated["To"]) == ("whatsapp:+551140028929", "whatsapp:+5511987654321")
    assert templated["ContentSid"] == CONTENT_SID
    assert json.loads(templated["ContentVariables"]) == {
        "1": "Aurora", "2": "novidades", "3": "yes.1", "4": "no.1", "5": "stop.1",
    }  # fmt: skip
    assert plain["Body"] == "Podemos escrever?"
    if TWILIOS.exists():
        paths = json.loads(TWILIOS.read_text())["paths"]
        post = paths["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
        form = post["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        for sent in (templated, plain):
            jsonschema.validate(sent, form | {"additionalProperties": False})
