"""A webhook is Twilio's, or it is refused; every way of being nearly right counts as wrong."""

import json
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from consent.models import Company, InboundMessage, Sender
from consent.providers import Refused, accounts, twilio
from consent.sample import Sample
from tests import payloads, webhooks
from tests.webhooks import MESSAGES, TOKEN, TWILIO_SID

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_the_accounts_anew() -> None:
    accounts.forget()


def examples(name: str, key: str) -> list[Any]:
    path = payloads.TWILIO / name
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{name} of Twilio's samples is not here"))]
    return [pytest.param(example, id=example["name"]) for example in json.loads(path.read_text())[key]]


@pytest.mark.parametrize("vector", examples("signature_vectors.json", "vectors"))
def test_twilios_own_vectors_are_signed_and_not_by_another_token(vector: Any) -> None:
    content = vector["body"] if vector["params"] is None else MultiValueDict()
    for name, values in (vector["params"] or {}).items():
        content.setlist(name, values if isinstance(values, list) else [values])  # type: ignore[union-attr]

    def fits(*tokens: str) -> bool:
        return twilio.is_signed(vector["received_url"], content, signature=vector["signature"], tokens=tokens)

    assert fits("12345")
    assert fits("rotated", "12345")
    assert not fits("rotated")
    assert not fits()


@pytest.mark.parametrize("example", examples("inbound_forms_SYNTHETIC.json", "requests"))
def test_every_sample_form_is_signed_and_one_changed_letter_is_not(example: Any) -> None:
    form = dict(example["form"])

    def fits() -> bool:
        right = example["x_twilio_signature"]
        return twilio.is_signed(example["url"], form, signature=right, tokens=("12345",))

    assert fits()
    form["AccountSid"] += "0"
    assert not fits()


def test_a_signed_sms_is_let_in(aurora: Sample, client: Client) -> None:
    assert webhooks.post(client, webhooks.sms()).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "x" * 10_000,
        "ção" * 9 + "=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
)
def test_a_signature_that_is_none_is_refused_with_an_empty_body(
    aurora: Sample, client: Client, wrong: str
) -> None:
    response = webhooks.post(client, webhooks.sms(), signed=wrong)

    assert (response.status_code, response.content) == (403, b"")
    assert webhooks.kept() == []


def test_a_request_without_the_header_is_refused(aurora: Sample, client: Client) -> None:
    assert client.post(MESSAGES, webhooks.sms()).status_code == 403


@pytest.mark.parametrize(
    "signed_for",
    [
        "https://consent.example.org/hooks/twilio/messages",
        "https://consent.example.org/hooks/twilio/status/",
        "http://consent.example.org/hooks/twilio/messages/",
        "https://evil.example.org/hooks/twilio/messages/",
        "https://testserver/hooks/twilio/messages/",
        "https://consent.example.org/hooks/twilio/messages/?a=b",
    ],
)
def test_a_signature_for_another_address_is_refused(
    aurora: Sample, client: Client, settings: Any, signed_for: str
) -> None:
    settings.OPTIN_PUBLIC_URL = "https://consent.example.org"

    assert webhooks.post(client, webhooks.sms(), url=signed_for).status_code == 403


def test_the_public_address_counts_and_the_host_header_does_not(
    aurora: Sample, client: Client, settings: Any
) -> None:
    settings.OPTIN_PUBLIC_URL = "https://consent.example.org"
    settings.ALLOWED_HOSTS = ["*"]

    assert webhooks.post(client, webhooks.sms(), Host="inside:8000").status_code == 200
    over_there = "https://over.example.org" + MESSAGES
    assert webhooks.post(client, webhooks.sms(), url=over_there, Host="over.example.org").status_code == 403


def test_a_query_is_signed_with_the_address(aurora: Sample, client: Client) -> None:
    path = f"{MESSAGES}?edge=S%C3%A3o+Paulo&quote=it's"
    signed_as_the_web_writes_it = "http://localhost:8000" + path.replace("'", "%27")

    assert (
        webhooks.post(client, webhooks.sms(), path=path, url=signed_as_the_web_writes_it).status_code == 200
    )
    assert (
        webhooks.post(client, webhooks.sms(), path=path, url="http://localhost:8000" + MESSAGES).status_code
        == 403
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body + "&Body=STOP",
        lambda body: body + "&Body=",
        lambda body: body + "&Body=STOP&Body=STOP",
        lambda body: body.replace("Body=STOP", "Body=STO%FF"),
        lambda body: body.replace("Body=STOP", "Body=STOP%ED%A0%80"),
        lambda body: body + "&A" * 300,
        lambda body: body + "&" + "A" * 65 + "=",
        lambda body: body + "&From%00=",
        lambda body: "",
        lambda body: "{}",
        lambda body: "x" * 300_000,
    ],
)
def test_a_body_in_any_other_shape_is_refused(aurora: Sample, client: Client, spoil: Any) -> None:
    fields = webhooks.sms()
    body = spoil("&".join(f"{name}={value.replace('+', '%2B')}" for name, value in fields.items()))

    assert webhooks.post(client, fields, body=body).status_code == 403
    assert webhooks.kept() == []


def test_a_name_twice_is_refused_although_it_signs_the_same(aurora: Sample, client: Client) -> None:
    fields = {"Body": "STOP", "AccountSid": accounts.sandbox().sid}
    twice = f"Body=STOP&Body=STOP&AccountSid={fields['AccountSid']}"

    assert webhooks.post(client, fields).status_code == 200
    assert webhooks.post(client, fields, body=twice).status_code == 403


def test_names_that_run_into_their_values_are_refused(aurora: Sample, client: Client) -> None:
    """`A=1` and `A1=` sign the same; a name Twilio would never use gives the second one away."""
    sid = accounts.sandbox().sid
    url = "http://localhost:8000" + MESSAGES
    key = accounts.sandbox().tokens[0]
    signed = webhooks.signature(url, {"AccountSid": sid, "Body": "a b"}, key)
    assert signed == webhooks.signature(url, {"AccountSid": sid, "Bodya b": ""}, key)

    response = webhooks.post(client, {}, body=f"AccountSid={sid}&Bodya%20b=", signed=signed)

    assert response.status_code == 403


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "", "text/xml"])
def test_any_other_content_type_is_refused(aurora: Sample, client: Client, content_type: str) -> None:
    assert webhooks.post(client, webhooks.sms(), content_type=content_type).status_code == 403


def test_an_account_that_is_not_ours_is_refused(aurora: Sample, client: Client) -> None:
    for account in ("AC" + "f" * 32, "", "x", "AC" + "f" * 31 + "é"):
        assert webhooks.post(client, webhooks.sms(AccountSid=account)).status_code == 403


def test_every_token_of_an_account_is_believed_until_it_is_taken_out(aurora: Sample, client: Client) -> None:
    sender = webhooks.real_sender(aurora, "new", "old")
    fields = {"sender": sender.address, "AccountSid": TWILIO_SID}

    assert webhooks.post(client, webhooks.sms(**fields), token="new").status_code == 200
    assert webhooks.post(client, webhooks.sms(**fields), token="old").status_code == 200
    assert webhooks.post(client, webhooks.sms(**fields), token="older").status_code == 403
    sender.secret = accounts.seal(TWILIO_SID, ["new"])
    sender.save()
    accounts.forget()
    assert webhooks.post(client, webhooks.sms(**fields), token="new").status_code == 200
    assert webhooks.post(client, webhooks.sms(**fields), token="old").status_code == 403


def test_whoever_enters_a_number_of_others_for_calls_neither_speaks_for_it_nor_silences_it(
    aurora: Sample, client: Client
) -> None:
    webhooks.real_sender(aurora, "ours", address="+551140028991")
    other = Company.objects.create(name="Other", slug="other", legal_name="Other Ltda", country="BR")
    Sender.objects.create(
        company=other, channel="voice", provider="twilio", address="+551140028991", account=TWILIO_SID,
        secret=accounts.seal(TWILIO_SID, ["theirs"]),
    )  # fmt: skip
    stop = webhooks.sms(AccountSid=TWILIO_SID, To="+551140028991")
    call = webhooks.call(AccountSid=TWILIO_SID, To="+551140028991")

    assert webhooks.post(client, stop, token="theirs").status_code == 403
    assert webhooks.post(client, stop, token="ours").status_code == 200
    assert webhooks.post(client, call, path=webhooks.VOICE, token="ours").status_code == 403
    assert webhooks.post(client, call, path=webhooks.VOICE, token="theirs").status_code == 200


def test_the_sandbox_speaks_for_nobody_where_it_is_off(aurora: Sample, client: Client, settings: Any) -> None:
    fields = webhooks.sms()
    settings.OPTIN_SANDBOX = False

    assert webhooks.post(client, fields).status_code == 403


def test_a_json_body_counts_only_with_its_digest_in_the_signed_address(
    aurora: Sample, client: Client
) -> None:
    content = webhooks.sms() | {"Attributes": {"a": [1, None]}}

    assert webhooks.post_json(client, content).status_code == 200
    assert webhooks.post_json(client, content, digest="").status_code == 403
    assert webhooks.post_json(client, content, digest="0" * 64).status_code == 403
    without = webhooks.post(client, {}, body=json.dumps(content), content_type="application/json")
    assert without.status_code == 403


@pytest.mark.parametrize(
    "body", ["[]", "null", '"x"', "{", "[" * 100_000, '{"AccountSid": "\\ud800"}', "NaN", "{}"]
)
def test_json_that_is_no_plain_object_is_refused(aurora: Sample, client: Client, body: str) -> None:
    assert webhooks.post_json(client, body).status_code == 403


def test_a_client_that_goes_away_while_sending_is_refused(rf: RequestFactory) -> None:
    class Gone:
        def read(self, *_size: int) -> bytes:
            raise OSError("connection reset")

        readline = read

    request = rf.post(
        MESSAGES,
        "Body=STOP",
        content_type=webhooks.FORM,
        headers={"X-Twilio-Signature": "A" * 27 + "="},
        **{"wsgi.input": Gone()},
    )

    with pytest.raises(Refused, match=r"body\.unreadable"):
        twilio.verified(request, ours="To")


@pytest.mark.parametrize(("written", "arrived"), [("YES ", "YES"), (" SIM", "SIM")])
def test_a_message_whose_spaces_a_proxy_cut_off_is_refused_kept_and_reported(
    aurora: Sample, client: Client, caplog: pytest.LogCaptureFixture, written: str, arrived: str
) -> None:
    fields = webhooks.sms(written)
    body = "&".join(f"{name}={value}" for name, value in (fields | {"Body": arrived}).items())

    response = webhooks.post(client, fields, body=body.replace("+", "%2B"))

    assert response.status_code == 403
    assert webhooks.kept() == [("unreadable", "twilio")]
    assert InboundMessage.objects.get().sender == aurora.sender
    assert "mend the proxy" in caplog.text
    assert "87654321" not in caplog.text


@pytest.mark.no_cover
@hypothesis_settings(max_examples=200, deadline=None)
@given(
    signature=st.from_regex(r"[A-Za-z0-9+/]{27}=", fullmatch=True)
    | st.text(alphabet=st.characters(codec="latin-1", categories=["L", "N", "P", "S"]), max_size=40),
    body=st.binary(max_size=200),
    content_type=st.sampled_from(
        [webhooks.FORM, "application/json", "text/plain", "application/json; charset=x"]
    ),
)
def test_nothing_anybody_makes_up_gets_in(signature: str, body: bytes, content_type: str) -> None:
    request = RequestFactory().generic(
        "POST", MESSAGES, body, content_type=content_type, headers={"X-Twilio-Signature": signature}
    )

    with pytest.raises(Refused):
        twilio.verified(request, ours="To")


def test_an_empty_token_is_never_sealed() -> None:
    for tokens in ([], [""], [TOKEN, ""]):
        with pytest.raises(ValueError, match="at least one token"):
            accounts.seal(TWILIO_SID, tokens)
