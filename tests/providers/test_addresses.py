"""Addresses that others choose never lead inside: not when they are typed, nor when they are asked."""

import socket
from typing import Any

import pytest

from consent.errors import BadInput
from consent.providers import addresses, outside
from consent.providers.egress import Failure

# Every way to write an address of our own network, of this machine, or of nobody that we could think of.
INSIDE = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "0x7f.0x0.0x0.0x1", "0177.0x0.0.1", "0", "0.0.0.0", "0.1.2.3", "0x0", "00",
    "10.0.0.1", "10.1", "167772161", "0xa000001", "012.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "192.168.1", "3232235521", "0xc0a80001", "169.254.169.254", "2852039166", "0xa9fea9fe", "169.254.43518",
    "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[0:0:0:0:0:ffff:c0a8:1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2002:c0a8:1::1]", "[2001::1]", "[2001:db8::1]",
    "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]", "[100::1]", "[5f00::1]", "[3fff::1]",
    "localhost", "localhost.", "LOCALHOST", "foo.localhost", "metadata.google.internal", "metadata",
    "kubernetes.default.svc", "printer.local", "intranet",
]  # fmt: skip
OUTSIDE = ["93.184.216.34", "8.8.8.8", "[2606:2800:220:1:248:1893:25c8:1946]"]


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_inside_is_refused_when_typed_and_when_asked(host: str) -> None:
    with pytest.raises(BadInput) as refused:
        addresses.checked(f"https://{host}/hook")
    assert refused.value.code == "url.inside"
    with pytest.raises(Failure) as failed:
        outside.ask("POST", f"https://{host}/hook", body=b"{}")
    assert failed.value.code == "egress.inside"


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(set(INSIDE)) >= 60


@pytest.mark.parametrize("host", OUTSIDE)
def test_an_address_outside_is_taken(host: str) -> None:
    assert addresses.checked(f"https://{host}/hook?a=b") == f"https://{host}/hook?a=b"
    assert addresses.checked(f"https://{host}:8443/hook") == f"https://{host}:8443/hook"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "url.scheme"), ("ftp://example.com/", "url.scheme"),
        ("file:///etc/passwd", "url.malformed"),
        ("javascript:alert(1)", "url.malformed"), ("https://user:pass@example.com/", "url.malformed"),
        ("https://@example.com/", "url.malformed"), ("https://example.com:22/", "url.port"),
        ("https://example.com:99999/", "url.malformed"), ("https:///hook", "url.malformed"), ("", "url.malformed"),
        ("https://example.com/" + "a" * 5000, "url.malformed"), ("https://exa mple.com/", "url.malformed"),
        ("https://example.com\\@127.0.0.1/", "url.malformed"), ("https://example.com/\r\nX: y", "url.malformed"),
        ("https://example.com/#part", "url.malformed"), ("https://[::1/", "url.malformed"),
        ("https://" + "a" * 70 + "\u00e9.com/", "url.malformed"),
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_receiver_is_refused(url: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        addresses.checked(url)
    assert refused.value.code == code


def test_our_own_address_would_tell_itself(settings: Any) -> None:
    settings.OPTIN_PUBLIC_URL = "https://consent.example.org"
    with pytest.raises(BadInput, match="ourselves"):
        addresses.checked("https://consent.example.org/hooks/")


def test_a_name_in_other_letters_is_shown_as_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [])
    assert addresses.checked("https://аpple.com/hook") == "https://xn--pple-43d.com/hook"  # a Cyrillic а


def test_a_name_that_leads_elsewhere_by_the_time_it_is_asked_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34", "10.0.0.1"]])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_a, **_k: [(0, 0, 0, "", (ip, 443)) for ip in next(answers)]
    )

    assert addresses.checked("https://rebinding.example.com/hook")
    for _ in range(2):
        with pytest.raises(Failure) as failed:
            outside.ask("POST", "https://rebinding.example.com/hook", body=b"{}")
        assert failed.value.code == "egress.inside"


def test_the_operator_may_name_hosts_inside(settings: Any) -> None:
    settings.OPTIN_INSIDE_HOSTS = ["broker.lan:8080"]
    assert addresses.checked("http://broker.lan:8080/hook") == "http://broker.lan:8080/hook"
    with pytest.raises(BadInput):
        addresses.checked("http://broker.lan:9090/hook")


def test_what_is_no_address_is_not_outside() -> None:
    assert not addresses.is_outside("example.com")
    assert addresses.is_outside("::ffff:8.8.8.8")
