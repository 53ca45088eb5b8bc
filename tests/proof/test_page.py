"""The page that checks a proof: in three languages, with a sentence for everything it may have to say."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from consent.proof import words
from consent.sample import Sample
from consent.vocabulary import State
from tests.proof import acts

DOCUMENT = Path(__file__).parents[2] / "docs" / "verify-a-receipt.md"
LANGUAGES = ["en", "es", "pt-BR"]


def page(client: Client, language: str = "en") -> str:
    answer = client.get("/verify/", {"lang": language})
    assert answer.status_code == 200
    assert not answer.cookies
    return answer.content.decode()


def scripts() -> str:
    found = [finders.find(f"consent/{name}") for name in ("verify.js", "verify-log.js")]
    return "\n".join(Path(str(path)).read_text() for path in found)


def sentences(text: str) -> dict[str, str]:
    return dict(re.findall(r'data-say="([^"]+)">(.*?)</p>', text))


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Check a receipt"), ("es", "Compruebe un comprobante"), ("pt-BR", "Confira um comprovante")],
)
def test_it_speaks_the_language_of_the_visitor(client: Client, language: str, title: str) -> None:
    assert f"<title>{title}" in page(client, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_sentence_for_everything_the_scripts_may_say(client: Client, language: str) -> None:
    source = scripts()
    wanted = set(
        re.findall(
            r'"((?:key|source|signature|witness|checkpoint|inclusion|entry|proof|browser|record)\.[a-z]+)"',
            source,
        )
    )
    wanted |= {f"malformed.{what}" for what in re.findall(r'Malformed\("([a-z]+)"\)', source)}
    wanted |= {f"malformed.{what}" for what in re.findall(r'_KEY, "([a-z]+)"', source)}
    wanted |= {f"malformed.{what}" for what in re.findall(r'(?:decode|number)\([^;]*?"([a-z]+)"', source)}
    wanted |= {f"{kind}.{name}" for kind in ("verdict", "mark") for name in ("good", "bad", "unknown")}

    wanted -= {"witness.good"}  # which becomes witness.named or witness.yours

    assert len(wanted) > 25
    assert wanted <= set(sentences(page(client, language)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_names_the_same_values_in_every_language(client: Client, language: str) -> None:
    english, other = sentences(page(client)), sentences(page(client, language))

    assert english.keys() == other.keys()
    for name, text in english.items():
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", other[name]), name


def test_every_field_of_an_entry_has_a_name(client: Client, aurora: Sample) -> None:
    import json

    from consent.log import tree
    from consent.proof import tlog_proof

    found = acts.say(aurora)
    tree.sequence()
    [logged] = tlog_proof.of_records([found.first.uid]).values()

    assert {f"field.{name}" for name in json.loads(logged.entry)} <= set(sentences(page(client)))


def test_every_closed_word_of_an_entry_is_said_in_the_visitors_language(client: Client) -> None:
    said = sentences(page(client, "es"))

    assert {f"state.{state}" for state in State} <= set(said)
    assert said["state.given"] == "dado"
    assert {f"method.{slug}" for slug in words.METHODS} <= set(said)


def test_the_commands_are_those_of_the_document(client: Client) -> None:
    """Which the build runs: see test_foreign_tools."""
    shown = [
        unescape(block)
        for block in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page(client), re.DOTALL)
    ]
    written = re.findall(r"```sh\n(.*?)\n```", DOCUMENT.read_text(), re.DOTALL)

    assert shown == written[:3]


def test_it_works_under_the_strict_policy_with_scripts_of_our_own_alone(client: Client) -> None:
    answer = client.get("/verify/")

    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?! src=\"/static/)[^>]*>", answer.content.decode()) == []


def test_it_is_only_to_be_read(client: Client) -> None:
    assert client.post("/verify/").status_code == 405
