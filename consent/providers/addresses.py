"""Which addresses lie outside of our own network: the only ones that others may have us ask."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput

LONGEST_URL = 2_000
HTTPS = 443
FIRST_FREE_PORT = 1024  # below it other services listen

# Names that only mean something inside: of this machine, of a cloud, of a local network.
_INSIDE_NAMES = (
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".home.arpa",
    ".svc",
)

# What Python calls global and yet leads inside, or into another protocol's address (IANA special-purpose registries).
_NEVER = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "100.64.0.0/10", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16",
        ),
    )
)  # fmt: skip
_UNICAST = ip_network("2000::/3")  # all of IPv6 that is anybody's

_BAD = _("Write an address such as https://crm.example.com/hooks/consent.")
_HTTPS_ONLY = _("The address must begin with https://.")
_INSIDE = _("This address leads into our own network.")


def is_outside(address: str) -> bool:
    """Whether an IP address is a public one that leads to another network; False for what is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return _is_public(found.ipv4_mapped)
        return found in _UNICAST and _is_public(found)
    return _is_public(found)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    is_never = any(address in network for network in _NEVER if network.version == address.version)
    return address.is_global and not address.is_multicast and not is_never


def is_allowed_inside(host: str, port: int) -> bool:
    """Whether the operator named a host of our own network that others may have us ask."""
    return bool({host, f"{host}:{port}"} & set(settings.OPTIN_INSIDE_HOSTS))


def resolved(host: str, port: int) -> list[str]:
    """Every IP address that a name leads to now; none where it leads nowhere."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def checked(url: str) -> str:
    """The address of a receiver, its host in ASCII. Raises BadInput for what is none, or lies inside.

    A name that leads nowhere now is taken: where it leads is looked at again with each connection.
    """
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or "\\" in url:
        raise BadInput("url.malformed", _BAD, pointer="url")
    try:
        parts = urlsplit(url)
        port = parts.port or (HTTPS if parts.scheme == "https" else 80)
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise BadInput("url.malformed", _BAD, pointer="url") from error
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise BadInput("url.malformed", _BAD, pointer="url")
    if is_allowed_inside(host, port) and parts.scheme in ("http", "https"):
        return parts._replace(netloc=_netloc(host, parts.port)).geturl()
    if parts.scheme != "https":
        raise BadInput("url.scheme", _HTTPS_ONLY, pointer="url")
    if port != HTTPS and port < FIRST_FREE_PORT:
        raise BadInput("url.port", _("Use port 443, or one above 1023."), pointer="url")
    if is_inside_name(host):
        raise BadInput("url.inside", _INSIDE, pointer="url")
    if host == (urlsplit(settings.OPTIN_PUBLIC_URL).hostname or ""):
        raise BadInput(
            "url.ourselves", _("This is our own address: it would tell itself for ever."), pointer="url"
        )
    # Resolving also reads what is no dotted quad and yet an address: 127.1, 0x7f.1, 2130706433, 0177.0.0.1.
    if not all(map(is_outside, resolved(host, port))):
        raise BadInput("url.inside", _INSIDE, pointer="url")
    return parts._replace(netloc=_netloc(host, parts.port)).geturl()


def is_inside_name(host: str) -> bool:
    """Whether a name only means something inside, wherever it leads."""
    name = host.lower().rstrip(".")
    is_number = name.replace(".", "").removeprefix("0x").isalnum() and name[:1].isdigit()
    return f".{name}".endswith(_INSIDE_NAMES) or ("." not in name and ":" not in name and not is_number)


def _netloc(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"
