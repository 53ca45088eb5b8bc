"""A visitor of a form: Ana, with a browser that keeps nothing."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from consent import publishing
from consent.capture.website import pressure
from consent.models import NoticeVersion
from consent.sample import Sample

ANA = "(11) 98765-4321"
FORM = "/c/aurora/novidades/"
URLENCODED = "application/x-www-form-urlencoded"


@dataclass
class Visitor:
    """Somebody with a browser, who opens the form and sends it."""

    client: Client
    path: str = FORM
    headers: dict[str, str] = field(default_factory=dict)
    page: Any = None

    def open(self, query: str = "lang=pt-BR") -> Any:
        self.page = self.client.get(f"{self.path}?{query}", headers=self.headers)
        return self.page

    @property
    def token(self) -> str:
        """The render token of the page last seen."""
        found = re.search(r'name="token" value="([^"]+)"', self.page.content.decode())
        assert found, self.page.content
        return found[1]

    def fields(self, *boxes: str, phone: str = ANA, **others: str) -> dict[str, str]:
        """The fields of the page last seen, with some boxes ticked."""
        ticked = {f"box.{box}": "yes" for box in boxes or ("novidades.sms",)}
        return {"token": self.token, "phone": phone, **ticked, **others}

    def send(self, fields: dict[str, str] | None = None, *, query: str = "lang=pt-BR", **more: Any) -> Any:
        return self.send_body(urlencode(self.fields() if fields is None else fields), query=query, **more)

    def send_body(
        self, body: str, *, query: str = "lang=pt-BR", content_type: str = URLENCODED, **more: Any
    ) -> Any:
        path = f"{self.path}?{query}"
        answer = self.client.generic(
            "POST", path, body.encode(), content_type=content_type, headers=self.headers, **more
        )
        if b'name="token"' in answer.content:
            self.page = answer
        return answer


def codes(response: Any) -> list[str]:
    """The codes of the problems a page speaks of."""
    return re.findall(r'data-code="([^"]+)"', response.content.decode())


def text(response: Any) -> str:
    """What stands on a page, without markup and with single spaces."""
    plain = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(plain.split())


def publish_next(sample: Sample) -> NoticeVersion:
    """Publish a new version of the sample notice, with other words."""
    wordings = {
        language: texts | {"screen": f"{texts['screen']}\n\nNEW"}
        for language, texts in sample.version.wordings.items()
    }
    draft = NoticeVersion.objects.create(notice=sample.version.notice, major=2, wordings=wordings)
    return publishing.publish(draft)


@pytest.fixture
def visitor(aurora: Sample, client: Client) -> Visitor:
    """Ana, who has opened the sample form."""
    pressure.forget()
    made = Visitor(client)
    made.open()
    return made
