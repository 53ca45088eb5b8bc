"""The forms of a page, as a browser would send them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

CHECKED = ("checkbox", "radio")
NEVER_SENT = ("submit", "button", "file", "image", "reset")


@dataclass
class Form:
    """One form: where its buttons send it, and what stands in it."""

    addresses: list[str]
    fields: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.found = address, []  # type: tuple[str, list[Form]]
        self.form: Form | None = None
        self.named, self.chosen, self.first = "", [], ""  # type: tuple[str, list[str], str]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method", "").lower() == "post":
            self.form = Form([urljoin(self.address, said.get("action", ""))])
            self.found.append(self.form)
        if self.form is None:
            return
        if "formaction" in said:
            self.form.addresses.append(urljoin(self.address, said["formaction"]))
        name, kind = said.get("name", ""), said.get("type", "text")
        if tag == "input" and name and kind not in NEVER_SENT and (kind not in CHECKED or "checked" in said):
            self.form.fields.setdefault(name, []).append(
                said.get("value", "on" if kind in CHECKED else "") or "x"
            )
        elif tag == "textarea":
            self.form.fields[name] = ["x"]
        elif tag == "select":
            self.named, self.chosen, self.first = name, [], ""
        elif tag == "option" and said.get("value"):
            self.first = self.first or said["value"]
            self.chosen += [said["value"]] if "selected" in said else []

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self.form is not None:
            self.form.fields[self.named] = self.chosen or [self.first]
        elif tag == "form":
            self.form = None


def of(page: Any) -> Iterator[Form]:
    """The forms of an answer that are posted, filled in somehow where they are empty."""
    reader = _Reader(page.request["PATH_INFO"])
    reader.feed(page.content.decode())
    yield from (form for form in reader.found if "/logout/" not in form.addresses[0])
