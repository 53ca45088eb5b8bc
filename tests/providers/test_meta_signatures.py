"""A webhook is Meta's, or it is refused: the signature is over the bytes as they came, by an app of our numbers."""

import hashlib
import json
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.http import UnreadablePostError
from django.test import Client, RequestFactory

from consent.models import InboundMessage, Sender
from consent.providers import Refused, meta, meta_numbers
from consent.providers.meta_numbers import Keys
from consent.sample import Sample
from tests import meta as webhooks
from tests import payloads
from tests.capture.test_sms import Down
from tests.meta import KEYS, NUMBER_ID, PATH, SECRET

VECTORS = payloads.META / "x_hub_signature_256_SYNTHETIC.json"

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    return webhooks.sender(aurora)


def handshake(client: Client, **query: str) -> Any:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "a-verify-token"}
    return client.get(PATH, asked | {f"hub.{name}": value for name, value in query.items()})


def test_the_address_is_proved_with_the_challenge_as_it_came(sender: Sender, client: Client) -> None:
    response = handshake(client)

    assert (response.status_code, response.content) == (200, b"1158201444")
    assert response.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"verify_token": "another"}, 403),
        ({"verify_token": ""}, 403),
        ({"verify_token": "não é este"}, 403),
        ({"mode": "unsubscribe"}, 403),
        ({"challenge": "<script>"}, 400),
        ({"challenge": "1" * 10_240}, 400),
        ({"challenge": ""}, 400),
        ({"challenge": "١٢٣"}, 400),
    ],
)
def test_nobody_else_proves_it_and_only_a_challenge_comes_back(
    sender: Sender, client: Client, query: dict[str, str], status: int
) -> None:
    response = handshake(client, **query)

    assert (response.status_code, response.content) == (status, b"")


def test_where_no_number_is_at_meta_nothing_is_proved(aurora: Sample, client: Client) -> None:
    meta_numbers.forget()

    assert handshake(client, verify_token="").status_code == 403
    assert webhooks.post(client, webhooks.batch()).status_code == 403


def test_samples_sign_by_their_bytes_and_not_by_what_they_mean() -> None:
    if not VECTORS.exists():
        pytest.skip("Meta's vectors are not here")
    samples = json.loads(VECTORS.read_text())
    for vector in samples["vectors"]:
        assert meta_numbers.signature(vector["body"].encode(), samples["app_secret"]) == vector["header"]


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "sha256=",
        "sha1=" + "0" * 64,
        "sha256=" + "0" * 64,
        "sha256=" + "G" * 64,
        "ãé",
        "sha256=" + "0" * 10_240,
    ],
)
def test_what_nobody_signed_is_refused_and_not_kept(sender: Sender, client: Client, signed: str) -> None:
    response = webhooks.post(client, webhooks.batch(), signed=signed)

    assert (response.status_code, response.content) == (403, b"")
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"a":"' + b"x" * 70_000 + b'"}'])
def test_an_unsigned_body_is_refused_whatever_it_is(sender: Sender, client: Client, body: bytes) -> None:
    assert webhooks.post(client, body, signed="sha256=" + "0" * 64).status_code == 403


def test_a_changed_byte_is_refused(sender: Sender, client: Client) -> None:
    body = json.dumps(webhooks.batch()).encode()

    assert webhooks.post(client, body + b" ", signed=webhooks.signature(body)).status_code == 403


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_body_that_a_proxy_rewrote_is_refused_kept_and_an_alarm(
    sender: Sender, client: Client, caplog: pytest.LogCaptureFixture, ascii_only: bool, separators: Any
) -> None:
    said = webhooks.batch(webhooks.value(messages=[webhooks.text("não, 1/2")]))
    sent = json.dumps(said, ensure_ascii=ascii_only, separators=separators)
    for body in (sent, sent.replace("/", "\\/")):
        rewritten = json.dumps(said, indent=1).encode()
        response = webhooks.post(client, rewritten, signed=webhooks.signature(body.encode()))
        assert response.status_code == 403

    assert "mend the proxy" in caplog.text
    webhooks.drain()
    assert set(webhooks.kept()) == {"unreadable"}
    # The same batch as it should be is taken in all the same.
    assert webhooks.post(client, sent.encode()).status_code == 200
    webhooks.drain()
    assert "answered" in webhooks.kept()


def test_a_rewritten_body_is_refused_even_where_it_cannot_be_kept(
    sender: Sender, client: Client, settings: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    said = webhooks.batch()
    webhooks.post(client, said)
    body = json.dumps(said, indent=1).encode()
    signed = webhooks.signature(json.dumps(said).encode())
    with connection.execute_wrapper(Down()):
        assert webhooks.post(client, body, signed=signed).status_code == 403


def test_either_secret_signs_while_one_is_changed(aurora: Sample, client: Client) -> None:
    keys = Keys(("token",), ("new", "former"), ("verify", "former-verify"))
    webhooks.sender(aurora, keys=keys)

    assert webhooks.post(client, webhooks.batch(), secret="new").status_code == 200
    assert webhooks.post(client, webhooks.batch(), secret="former").status_code == 200
    assert webhooks.post(client, webhooks.batch(), secret="older").status_code == 403
    assert handshake(client, verify_token="former-verify").status_code == 200


def test_several_apps_are_told_apart(aurora: Sample) -> None:
    webhooks.sender(aurora)
    webhooks.sender(aurora, keys=Keys(("t",), ("other",), ("v",)), number_id="222", address="+15550783882")
    webhooks.sender(aurora, number_id="333", address="+15550783883")
    body = b"{}"

    assert meta_numbers.signed(body, webhooks.signature(body)) == {NUMBER_ID, "333"}
    assert meta_numbers.signed(body, webhooks.signature(body, "other")) == {"222"}
    assert meta_numbers.share_an_app(NUMBER_ID, ["222", "333"])
    assert not meta_numbers.share_an_app(NUMBER_ID, ["222", "444"])
    assert not meta_numbers.share_an_app("444", [NUMBER_ID])


def test_the_sandbox_speaks_for_its_own_numbers_while_it_is_on(aurora: Sample, settings: Any) -> None:
    webhooks.sender(aurora, provider="sandbox", secret=b"")
    body = b"{}"
    signed = webhooks.signature(body, meta_numbers.sandbox().app_secrets[0])

    assert NUMBER_ID in meta_numbers.signed(body, signed)  # beside the sample's own
    settings.OPTIN_SANDBOX = False
    meta_numbers.forget()
    assert meta_numbers.signed(body, signed) == set()


def test_keys_that_do_not_open_or_are_not_there_prove_nothing(aurora: Sample) -> None:
    for number, secret in enumerate((b"", b"\x01" + bytes(60))):
        webhooks.sender(aurora, number_id=f"{number}", address=f"+1555078388{number}", secret=secret)

    assert meta_numbers.signed(b"{}", webhooks.signature(b"{}", "")) == set()


@pytest.mark.parametrize(
    "keys",
    [
        Keys((), ("s",), ("v",)),
        Keys(("t",), (), ("v",)),
        Keys(("t",), ("s",), ()),
        Keys(("t",), ("s", ""), ("v",)),
    ],
)
def test_no_key_is_empty_because_anybody_could_sign_with_it(keys: Keys) -> None:
    with pytest.raises(ValueError, match="none is empty"):
        meta_numbers.seal(NUMBER_ID, keys)


def test_keys_open_for_their_own_number_only() -> None:
    sealed = meta_numbers.seal(NUMBER_ID, KEYS)

    assert meta_numbers.opened(NUMBER_ID, sealed) == KEYS
    assert meta_numbers.opened("222", sealed) is None
    assert SECRET not in repr(KEYS)


def test_a_body_may_have_three_megabytes_and_no_more_than_four(sender: Sender, client: Client) -> None:
    body = json.dumps(webhooks.batch() | {"pad": "x" * 3 * 1024 * 1024}).encode()

    assert webhooks.post(client, body).status_code == 200
    assert webhooks.post(client, b" " * (meta.LARGEST_BODY + 1)).status_code == 413


def test_a_body_that_breaks_off_is_no_batch(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    request = RequestFactory().post(PATH, b"{}", content_type="application/json")
    request.META["HTTP_X_HUB_SIGNATURE_256"] = webhooks.signature(b"{}")

    def breaks_off(*_size: int) -> bytes:
        raise UnreadablePostError("gone")

    monkeypatch.setattr(request, "read", breaks_off)
    with pytest.raises(Refused, match=r"body\.unreadable"):
        meta.verified(request)


def test_only_what_was_read_of_the_keys_counts_while_the_database_is_down(
    sender: Sender, client: Client, settings: Any
) -> None:
    with connection.execute_wrapper(Down()):
        assert webhooks.post(client, webhooks.batch()).status_code == 503
        with pytest.raises(DatabaseError):
            meta_numbers.verifies("a-verify-token")
    assert handshake(client).status_code == 200
    settings.OPTIN_CATALOGUE_SECONDS = 0
    with connection.execute_wrapper(Down()):
        assert handshake(client).status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options", "trace"])
def test_other_methods_are_not_served(sender: Sender, client: Client, method: str) -> None:
    response = getattr(client, method)(PATH)

    assert response.status_code == 405


def test_a_digest_names_a_batch(sender: Sender, client: Client) -> None:
    body = json.dumps(webhooks.batch()).encode()
    for _time in range(3):
        webhooks.post(client, body)

    assert InboundMessage.objects.count() == 1
    assert hashlib.sha256(body).hexdigest().encode() not in bytes(InboundMessage.objects.get().event)
