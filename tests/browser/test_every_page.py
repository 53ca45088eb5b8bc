"""Every page a person may meet: accessible, in their language, without JavaScript, on the smallest phone, on paper."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect

from consent import dialogue, erasure, receipts, rights, vault
from consent.contact import Contact
from consent.log import tree
from consent.models import RightsRequest
from consent.preferences import asking, entry, visits
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast
from tests.browser.conftest import Browse
from tests.preferences.conftest import anybodys, own, path

type Check = Callable[[Page], None]
type Part = Callable[[Sample], dict[str, str]]

SMALL = 320  # WCAG 2.2 SC 1.4.10
LANGUAGES = ["en", "es", "pt-BR"]
LEAST_TARGET = 44  # pixels: what is touched is as big as a finger (WCAG 2.2 SC 2.5.5)
REASON = "We need your last invoice until 2031."
NOT_OURS = (REASON, "São Paulo", "@")  # what staff and companies wrote stays as they wrote it
TOO_SMALL = """least => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
    .filter(one => one.checkVisibility() && !one.closest(".trap") && getComputedStyle(one).display !== "inline")
    .map(one => one.labels?.[0]?.closest(".box") ?? one)
    .filter(one => one.getBoundingClientRect().height < least)
    .map(one => one.outerHTML)"""


def of_the_choices(aurora: Sample) -> dict[str, str]:
    """The preference centre: with something on and something off, by the weaker address, and where nothing is."""
    cast.says(aurora, channel="whatsapp")
    said = cast.says(aurora)
    cast.stops(aurora, channel="whatsapp")
    stopped = cast.says(aurora, cast.CLARA)
    cast.stops(aurora, cast.CLARA)
    gone = cast.says(aurora, cast.stranger(1))
    erasure.erase(gone.subject, company=aurora.company, entity="subject")
    stop = path(receipts.stop_address(said.subject))
    return {
        "choices": own(said.act),
        "choices weak": anybodys(said.act),
        "choices all off": own(stopped.act),
        "choices erased": own(gone.act),
        "back": f"{own(said.act)}back/aurora/novidades.whatsapp/",
        "stop": stop,
        "stop one": f"{stop}novidades/sms/",
        "stopped": "/preferences/stopped/",
        "receipt given": path(receipts.own_address(said.act)),
        "receipt over": path(receipts.own_address(stopped.act)),
        "receipt erased": path(receipts.address(gone.act)),
        "receipt of a stop": path(receipts.own_address(cast.stops(aurora, cast.stranger(2)).act)),
    }


def of_the_number(aurora: Sample) -> dict[str, str]:
    """Coming by number: asked for, asked for a code, too late for it, known to nobody, long ago."""
    cast.says(aurora)
    now = timezone.now()

    def at(page: str, use: str, *, since: timedelta = timedelta(0), who: Contact = cast.ANA) -> str:
        visit = visits.begin(who, language="en", now=now - since)
        if use == entry.VISIT:
            visit.proved_at = now - since
            visit.save()
        return f"/preferences/{page}{vault.act_token(visit.pk, use=use)}/"

    return {
        "number": "/preferences/",
        "code": at("code/", entry.CODE),
        "code too old": at("code/", entry.CODE, since=timedelta(hours=2)),
        "visit": at("", entry.VISIT),
        "visit of nobody": at("", entry.VISIT, who=cast.stranger(9)),
        "visit over": at("", entry.VISIT, since=timedelta(hours=2)),
    }


def of_the_rights(aurora: Sample) -> dict[str, str]:
    """Asking about data, and following what becomes of it."""
    said = cast.says(aurora)
    now = timezone.now()

    def made(kind: str, contact: Recorded = said) -> RightsRequest:
        return rights.ask(
            aurora.company, contact.subject, kind, possession="link", language="en", at=now, text="",
            name="Ana Lima",
        )  # fmt: skip

    def follow(one: RightsRequest, state: str = "", text: str = "") -> str:
        if state:
            rights.answer(one, state, text=text, by="staff:1", at=now)
        return path(asking.address(one))

    gone = cast.says(aurora, cast.CLARA)
    erased = follow(made("erase", gone), "done")
    done = erasure.erase(gone.subject, company=aurora.company, entity="subject")
    assert done.entry is not None
    return {
        "follow waiting": follow(made("correct")),
        "follow done": follow(made("access"), "done"),
        "follow refused": follow(made("erase"), "refused", REASON),
        "follow erased": erased,
        "certificate": f"/e/{vault.act_token(done.entry, use='erasure')}/",
        "rights": f"{own(said.act)}rights/aurora/",
    }


def of_the_questions(aurora: Sample) -> dict[str, str]:
    """Being asked: the form, the link, and what both end in."""

    def link(recorded: Recorded) -> str:
        return path(dialogue.link(recorded.act, aurora.company))

    waiting, yes, no = (cast.sent(cast.asks(aurora, who)) for who in (cast.ANA, cast.BRUNO, cast.CLARA))
    addresses = {"link waiting": link(waiting), "link said yes": link(yes), "link said no": link(no)}
    dialogue.confirm(yes.act, possession="link", reference="yes", method="link", evidence={})
    dialogue.refuse(no.act, possession="link", reference="no", method="link", evidence={})
    with time_machine.travel(timezone.now() - timedelta(days=20), tick=True):
        addresses["link too old"] = link(cast.sent(cast.asks(aurora, cast.stranger(3))))
    return addresses | {
        "home": "/",
        "form": "/c/aurora/novidades/",
        "receipt waiting": path(receipts.address(waiting.act)),
        "verify": "/verify/",
        "not there": "/r/nobody-has-this/",
    }


PARTS = [of_the_choices, of_the_number, of_the_rights, of_the_questions]

# How many words of a line may be the same in two languages: names, numbers, "Café Aurora Ltda."
SAME_BY_CHANCE = 3


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_person_can_use_every_page(
    aurora: Sample, browse: Browse, assert_accessible: Check, part: Part
) -> None:
    addresses = part(aurora)
    tree.sequence()
    page, bare = browse(width=SMALL), browse(width=SMALL, javascript=False)
    for name, address in addresses.items():
        english: set[str] = set()
        for language in LANGUAGES:
            bare.goto(f"{address}?lang={language}")
            assert bare.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
            assert bare.evaluate(TOO_SMALL, LEAST_TARGET) == [], name
            assert (bare.locator("html").get_attribute("lang") or "").lower() == language.lower(), name
            said = lines(bare)
            english = english or said
            assert said, name
            assert language == "en" or not said & english, name
            page.goto(f"{address}?lang={language}")
            assert_accessible(page)


def lines(page: Page) -> set[str]:
    """What a page says in its own words, line by line."""
    text = page.locator("body").inner_text()
    said = {line for line in text.splitlines() if not any(name in line for name in NOT_OURS)}
    return {line for line in said if " " in line and len(re.findall(r"[^\W\d]+", line)) > SAME_BY_CHANCE}


def test_on_paper_is_also_what_is_folded_on_the_screen(aurora: Sample, browse: Browse) -> None:
    page = browse()
    page.goto(f"{of_the_choices(aurora)['choices']}?lang=en")
    folded = page.locator(".history details p").first
    expect(folded).to_be_hidden()

    page.emulate_media(media="print")
    expect(folded).to_be_visible()
    # Browsers print no backgrounds: what is written in white on the company's colour would be gone.
    for mark in page.locator(".state .on, .letter").all():
        expect(mark).to_have_css("color", "rgb(0, 0, 0)")
