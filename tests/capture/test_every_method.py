"""What every capture method must do, asked of each in the registry, and of one more that is added here."""

import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from django.core import checks
from django.test import Client
from django.urls import clear_url_caches, set_urlconf

from consent import capture, hooks
from consent.audits import scoring
from consent.capture import Method
from consent.log import tree
from consent.models import Act, ConsentRecord
from consent.sample import Sample
from consent.vocabulary import Channel
from tests.capture.trials import Trial

ROOT = Path(__file__).resolve().parents[2]
METHODS = [method.slug for method in capture.methods()]

type Try = Callable[[Sample, Client], Trial]


@pytest.fixture(autouse=True)
def _drained_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "DRAIN_EVERY", 0.0)


def method(slug: str) -> Method:
    return next(method for method in capture.methods() if method.slug == slug)


def trial_of(slug: str) -> Try:
    try:
        found: Try = import_module(f"tests.capture.trials.{slug}").trial
    except ModuleNotFoundError:
        pytest.fail(f"Say how {slug} is tried: write tests/capture/trials/{slug}.py.")
    return found


# --- the questions


def a_forged_yes_records_nothing(trial: Trial) -> None:
    before = Act.objects.count()
    assert 400 <= trial.forge().status_code < 500
    assert Act.objects.count() == before


def the_same_yes_twice_is_recorded_once(trial: Trial) -> list[ConsentRecord]:
    before = set(Act.objects.values_list("pk", flat=True))
    first, again = trial.say_yes(), trial.say_yes()
    assert first.status_code < 400
    assert (again.status_code, again.content) == (first.status_code, first.content)
    (act,) = Act.objects.exclude(pk__in=before)
    return list(act.records.order_by("arrival"))


def the_evidence_is_complete(records: list[ConsentRecord]) -> None:
    """As an auditor sees it: text and digest, notice, company, channel, box, language, times, log, receipt."""
    tree.sequence()
    for score in scoring.score(records):
        assert not [point.slug for point in score.points if point.holds is False]


def company_and_channel_were_named(trial: Trial, records: list[ConsentRecord]) -> None:
    for record in records:
        assert record.company.name in trial.seen
        assert str(Channel(record.channel).label) in trial.seen


def it_was_said_before_it_was_written_down(records: list[ConsentRecord], slug: str) -> None:
    assert records
    for record in records:
        assert record.event_time <= record.recorded_at
        assert record.state in {"given", "requested"}
        assert record.method == slug


def it_is_documented(slug: str, text: str) -> None:
    section = re.search(rf"^## {slug}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert section, f"docs/capture-methods.md has no section on {slug}"
    assert "Settings:" in section[1]
    for need in method(slug).needs:
        assert f"`{need}`" in section[1]


def what_it_needs_is_checked(slug: str, settings: Any) -> None:
    for need in method(slug).needs:
        kept = getattr(settings, need)
        setattr(settings, need, "")
        assert any(slug in str(found) and need in str(found) for found in checks.run_checks())
        setattr(settings, need, kept)
    assert not [found for found in checks.run_checks() if found.id == "consent.E004"]


def every_question(slug: str, trial: Trial, text: str, settings: Any) -> None:
    a_forged_yes_records_nothing(trial)
    records = the_same_yes_twice_is_recorded_once(trial)
    the_evidence_is_complete(records)
    company_and_channel_were_named(trial, records)
    it_was_said_before_it_was_written_down(records, slug)
    it_is_documented(slug, text)
    what_it_needs_is_checked(slug, settings)


@pytest.mark.parametrize("slug", METHODS)
def test_every_method_answers_every_question(
    aurora: Sample, client: Client, settings: Any, slug: str
) -> None:
    documents = (ROOT / "docs/capture-methods.md").read_text()

    every_question(slug, trial_of(slug)(aurora, client), documents, settings)


# --- one more

SEMAPHORE = '''
"""Consent by semaphore: flags, read from a hill."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from consent import capture, catalogue, recording, wording
from consent.contact import Contact
from consent.recording import ConsentEvent
from consent.vocabulary import Possession, State

METHOD = capture.Method(
    slug="semaphore", name="Semaphore", urls="semaphore", needs=("OPTIN_PUBLIC_URL",)
)


@csrf_exempt
def flags(request):
    ask = catalogue.ask("aurora", "novidades")
    shown = wording.statement(ask, ask.version, "pt-BR")
    if request.method == "GET":
        return render(request, "semaphore/flags.html", {"statement": shown})
    if request.headers.get("X-Flags") != "red and yellow":
        return HttpResponse(status=403)
    box = shown.boxes[0]
    evidence = {
        "text": shown.text, "digest": shown.digest, "language": "pt-BR",
        "boxes": [
            {"key": each.key, "label": each.label, "hint": each.hint, "ticked": each is box}
            for each in shown.boxes
        ],
    }
    recording.record(
        ConsentEvent(
            company=ask.company, contact=Contact.tel(request.POST["number"]), purpose=box.offer.purpose,
            channel=box.offer.channel, state=State.GIVEN, notice=ask.version, language="pt-BR",
            event_time=timezone.now(), method=METHOD.slug, reference=f"semaphore:{request.POST['id']}",
            evidence=evidence, possession=Possession.POLICY, point=ask.point,
        )
    )
    return HttpResponse("seen")


urlpatterns = [path("hill/", flags)]
'''


@pytest.fixture
def semaphore(tmp_path: Path, settings: Any) -> Iterator[str]:
    """One file, one folder of templates, one word in the settings; this test is the fourth thing."""
    (tmp_path / "semaphore.py").write_text(dedent(SEMAPHORE))
    (tmp_path / "templates/semaphore").mkdir(parents=True)
    template = "{{ statement.text }}{% for box in statement.boxes %} {{ box.label }}{% endfor %}"
    (tmp_path / "templates/semaphore/flags.html").write_text(template)
    sys.path.insert(0, str(tmp_path))
    settings.OPTIN_CAPTURE_METHODS = [*settings.OPTIN_CAPTURE_METHODS, "semaphore"]
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path / "templates"]}
    ]
    capture.methods.cache_clear()
    addresses = ModuleType("addresses_with_one_more")
    addresses.urlpatterns = capture.addresses()  # type: ignore[attr-defined]
    sys.modules[addresses.__name__] = addresses
    settings.ROOT_URLCONF = addresses.__name__
    clear_url_caches()
    yield "semaphore"
    sys.path.remove(str(tmp_path))
    del sys.modules[addresses.__name__], sys.modules["semaphore"]
    capture.methods.cache_clear()
    clear_url_caches()
    set_urlconf(None)


def test_one_more_method_costs_a_file_templates_a_test_and_a_word(
    aurora: Sample, client: Client, settings: Any, semaphore: str
) -> None:
    said = {"number": "+5511987654321", "id": "7"}

    def wave(flags: str) -> Any:
        return client.post("/hill/", said, headers={"X-Flags": flags})

    trial = Trial(
        say_yes=lambda: wave("red and yellow"),
        forge=lambda: wave("white"),
        seen=client.get("/hill/").content.decode(),
    )
    documents = "## semaphore\n\nFlags on a hill.\n\nSettings: `OPTIN_PUBLIC_URL`.\n"

    every_question(semaphore, trial, documents, settings)
