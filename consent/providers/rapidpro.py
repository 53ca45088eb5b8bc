"""A workspace of RapidPro or Weni, through its own client, carried by our own egress."""

import json
from typing import Any

import requests
from temba_client.exceptions import (
    TembaBadRequestError,
    TembaConnectionError,
    TembaException,
    TembaHttpError,
    TembaNoSuchObjectError,
    TembaRateExceededError,
    TembaTokenError,
)
from temba_client.v2 import TembaClient

from consent.providers import outside
from consent.providers.egress import Failure

__all__ = [
    "TembaBadRequestError", "TembaConnectionError", "TembaException", "TembaNoSuchObjectError",
    "TembaRateExceededError", "TembaTokenError", "Workspace",
]  # fmt: skip

LARGEST_PAGE = 8 * 1024 * 1024  # bytes; a page has 250 contacts with all their fields


class Workspace(TembaClient):  # type: ignore[misc]
    """RapidPro's client. It asks its own host alone, and no address inside of our network."""

    def __init__(self, host: str, token: str) -> None:
        super().__init__(host, token, user_agent="Optin", transformer=_with_status)

    def _request(
        self, method: str, url: str, params: Any = None, body: Any = None, retry_on_rate_exceed: bool = False
    ) -> Any:
        """What `BaseClient._request` does. A page's `next` comes from the other side, and must stay there."""
        if not url.startswith(f"{self.root_url}/"):
            raise TembaConnectionError
        try:
            answer = outside.ask(
                method.upper(), url, headers=self.headers, parameters=params, largest=LARGEST_PAGE,
                body=json.dumps(body).encode() if body else None,
            )  # fmt: skip
        except Failure:
            raise TembaConnectionError from None
        if answer.status == 429:
            said = answer.headers.get("Retry-After", "")
            raise TembaRateExceededError(int(said[:6]) if said.isascii() and said.isdigit() else 0)
        if answer.status in (401, 403):
            raise TembaTokenError
        if answer.status == 404:
            raise TembaNoSuchObjectError
        try:
            content = json.loads(answer.text) if answer.text else None
        except ValueError:
            raise TembaHttpError(requests.HTTPError("unreadable")) from None
        if answer.status == 400:
            raise TembaBadRequestError(content)
        if not 200 <= answer.status < 300:
            raise TembaHttpError(requests.HTTPError(str(answer.status)))
        return content


def _with_status(_kind: type, item: dict[str, Any]) -> dict[str, Any]:
    """Older workspaces, as Weni's, say `stopped` and `blocked` in place of a status."""
    for word in ("stopped", "blocked"):
        if item.get(word) is True:
            return {**item, "status": item.get("status") or word}
    return item
