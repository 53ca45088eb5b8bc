"""Everything a person reads is there in every language, whole, and nothing is kept that nobody shows."""

from pathlib import Path

import polib
import pytest
from django.core.management import call_command

from consent.management.commands import compilemessages
from tests import translations
from tests.translations import Message, Place

pytestmark = pytest.mark.house

HERE = Place(translations.ROOT / "here.py", 1)


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_message_is_translated_and_none_is_stale(language: str) -> None:
    wrong = translations.lacking(translations.read(language), translations.messages())

    assert not wrong, "\n".join(wrong)


def test_no_template_says_anything_outside_a_translation() -> None:
    bare = {
        str(path.relative_to(translations.ROOT)): words
        for path in sorted((translations.ROOT / "templates").rglob("*.html"))
        if (words := translations.bare_words(path.read_text(encoding="utf-8")))
    }

    assert not bare


def test_messages_are_found_in_code_and_in_templates() -> None:
    code = 'text = ngettext("%(n)s box", "%(n)s boxes", n) + self.pgettext_lazy("a door", "Open")'
    page = (
        '{% translate "Hi" %}{{ _("there (you)") }}{% blocktranslate %}100% of {{ a }}{% endblocktranslate %}'
    )

    assert [message for message, _ in translations.in_python(code, "x.py")] == [
        Message("%(n)s box", "%(n)s boxes"),
        Message("Open", context="a door"),
    ]
    assert [m.text for m in translations.in_template(page)] == ["Hi", "there (you)", "100%% of %(a)s"]


def test_a_message_put_together_while_running_is_refused() -> None:
    with pytest.raises(translations.NotExtractable, match=r"x\.py:1"):
        list(translations.in_python('_(f"Hello {name}")', "x.py"))


def test_words_between_tags_are_found_but_not_those_inside_a_translation() -> None:
    page = '<p>Hello {{ you }}</p>{% blocktranslate %}fine{% endblocktranslate %}<b>{% translate "too" %}</b>'

    assert translations.bare_words(page) == ["Hello"]


def test_a_catalogue_is_judged() -> None:
    catalogue = polib.POFile()
    catalogue.metadata = {"Plural-Forms": "nplurals=3; plural=(n != 1);"}
    catalogue += [
        polib.POEntry(msgid="Hi %(name)s", msgstr="Hola %(nombre)s"),
        polib.POEntry(msgid="gone", msgstr="ido"),
        polib.POEntry(msgid="void", msgstr=""),
        polib.POEntry(msgid="guess", msgstr="tal vez", flags=["fuzzy"]),
        polib.POEntry(msgid="a box", msgid_plural="%(n)s boxes", msgstr_plural={0: "una", 1: "%(n)s"}),
    ]
    shown = ["Hi %(name)s", "void", "guess", "new"]
    wanted = {Message(text): HERE for text in shown} | {Message("a box", "%(n)s boxes"): HERE}

    assert sorted(translations.lacking(catalogue, wanted)) == [
        "2 plural forms instead of 3: 'a box'",
        "empty: 'void'",
        "marked fuzzy: 'guess'",
        "not translated: 'new' (here.py:1)",
        "other placeholders: 'Hola %(nombre)s' for 'Hi %(name)s'",
        "stale, nothing shows it: 'gone'",
    ]


def test_catalogues_are_compiled_when_they_changed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="yes", msgstr="sí"))
    catalogue.save(str(folder / "django.po"))
    monkeypatch.setattr(compilemessages, "LOCALE", tmp_path)

    call_command("compilemessages")
    assert capsys.readouterr().out == "compiled es/LC_MESSAGES/django.po\n"
    assert polib.mofile(str(folder / "django.mo")).find("yes").msgstr == "sí"

    call_command("compilemessages")
    assert capsys.readouterr().out == ""

    (folder / "django.mo").unlink()
    call_command("compilemessages", verbosity=0)
    assert capsys.readouterr().out == ""
    assert (folder / "django.mo").exists()
