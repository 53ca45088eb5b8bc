"""A real browser that forgives nothing: a console error or a request to another machine fails the test."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, expect

from consent import work
from consent.providers import accounts, meta_numbers
from consent.sample import Sample
from tests import chromium

# Playwright keeps a loop running in this thread, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE, DESK = 375, 1280
HEIGHT = 812
HERE = {"localhost", "127.0.0.1", ""}
# Of what is in order axe need not write down every element.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
PATIENCE = 60_000  # milliseconds; how long a page takes says how busy the machine is

expect.set_options(timeout=PATIENCE)


class Browse(Protocol):
    def __call__(self, *, width: int = PHONE, locale: str = "en", javascript: bool = True) -> Page: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            # The server answers from other threads, which see only what is committed.
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": str(chromium.find()), "args": chromium.flags()}


@pytest.fixture(autouse=True)
def _public_address(live_server: Any, settings: Any) -> None:
    """What is written into messages and receipts leads to the server under test."""
    settings.OPTIN_PUBLIC_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]


@pytest.fixture
def browse(new_context: Callable[..., BrowserContext], live_server: Any) -> Iterator[Browse]:
    """Opens strict pages, as wide, in the language and with or without JavaScript as the test asks."""
    troubles: list[str] = []

    def opened(*, width: int = PHONE, locale: str = "en", javascript: bool = True) -> Page:
        context = new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": HEIGHT},
            locale=locale,
            java_script_enabled=javascript,
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        _watch(page, troubles)
        return page

    yield opened
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def worker(aurora: Sample, live_server: Any) -> Iterator[None]:
    """The worker that `make run` starts beside the web server."""
    accounts.forget()
    meta_numbers.forget()
    stop = threading.Event()

    def run() -> None:
        try:
            work.run(stop)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def strict_page(browse: Browse) -> Page:
    """A phone's page, in English, with JavaScript."""
    return browse()


@pytest.fixture
def assert_accessible() -> Callable[..., None]:
    """Fails with what axe-core found: the rule, and the elements it found it on; looked for by all or some `rules`."""

    def check(page: Page, *, rules: list[str] | None = None) -> None:
        options = RULES | ({"runOnly": rules} if rules else {})
        found = Axe().run(page, options=options).response["violations"]
        lines = [
            f"{rule['id']}: {rule['help']}\n  {node['html']}" for rule in found for node in rule["nodes"]
        ]
        assert not lines, f"{page.url}\n" + "\n".join(lines)

    return check


def _watch(page: Page, troubles: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        # A page that says what is wrong with an input comes with a status of 4xx; `answered` judges those.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and (parts.hostname or "") not in HERE:
            troubles.append(f"asked another machine: {request.url}")

    def answered(response: Response) -> None:
        # So does an API that says what is wrong with what a script handed in.
        is_said = (
            response.headers.get("content-type") == "application/problem+json" and response.status == 422
        )
        allowed = 500 if response.request.resource_type == "document" or is_said else 400
        if response.status >= allowed:
            troubles.append(f"{response.status}: {response.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("request", asked)
    page.on("response", answered)
