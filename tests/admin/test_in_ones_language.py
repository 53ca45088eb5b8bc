"""Staff who read Portuguese or Spanish find none of our English on any page."""

import json
from html.parser import HTMLParser

import polib
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.admin.test_scope import address, page_address, pages, row_addresses
from tests.staff import Firm
from tests.translations import LANGUAGES, ROOT

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
READ_OUT = ("alt", "aria-label", "placeholder", "title")
ENOUGH = 12  # letters: shorter words are often the same, or names


class Shown(HTMLParser):
    """What a page says, but for what it says to be in another language, and what people typed."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._passed: list[bool] = [False]
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        passed = self._passed[-1] or tag in {"script", "style", "textarea", "template"}
        passed = passed or own.get("lang", self._language) != self._language
        if not passed:
            self.words += [own[name] or "" for name in READ_OUT if name in own]
        if tag not in VOID:
            self._passed.append(passed)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._passed.pop()

    def handle_data(self, data: str) -> None:
        if not self._passed[-1]:
            self.words.append(" ".join(data.split()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_shows_english(language: str, root: Client, cafe: Firm) -> None:
    catalogue = polib.pofile(str(ROOT / f"consent/locale/{language}/LC_MESSAGES/django.po"))
    english = {
        entry.msgid for entry in catalogue if len(entry.msgid) > ENOUGH and entry.msgid != entry.msgstr
    }
    code = language.lower().replace("_", "-")
    root.cookies["django_language"] = code
    addresses = [page_address(name) for name in pages()]
    addresses += [address(name, cafe) for name in row_addresses()]
    looked_at = 0
    for path in addresses:
        answer = root.get(path)
        if answer.status_code != 200 or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        shown = Shown(code)
        shown.feed(answer.content.decode())
        assert not english.intersection(shown.words), path
        looked_at += 1
    assert looked_at > 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calendar_speaks_it_too(language: str, root: Client) -> None:
    root.cookies["django_language"] = language.lower().replace("_", "-")
    told = root.get(reverse("admin:jsi18n")).content.decode()
    catalogue = polib.pofile(str(ROOT / f"consent/locale/{language}/LC_MESSAGES/djangojs.po"))
    assert len(catalogue) == 3
    for entry in catalogue:
        for words in entry.msgstr_plural.values() or [entry.msgstr]:
            assert json.dumps(words)[1:-1] in told
    assert "Escolha" in told or "Elegir" in told, "Django's own words stay"


@pytest.mark.parametrize(
    ("language", "yes", "no"), [("pt-br", "Sim", "Não"), ("es", "Sí", "No"), ("en", "Yes", "No")]
)
def test_ticks_and_crosses_are_read_out_in_it(language: str, yes: str, no: str, root: Client) -> None:
    User.objects.create_user("diego")
    root.cookies["django_language"] = language
    shown = root.get(reverse("admin:auth_user_changelist")).content.decode()
    assert f'alt="{yes}"' in shown
    assert f'alt="{no}"' in shown
    assert 'alt="True"' not in shown
    assert 'alt="False"' not in shown


def test_what_a_group_lets_somebody_do_stands_beside_its_name(root: Client) -> None:
    root.cookies["django_language"] = "pt-br"
    shown = root.get(reverse("admin:auth_group_changelist")).content.decode()
    assert "Auditoria: lê tudo e não muda nada" in shown
    assert "<title>Grupos · Optin</title>" in shown
