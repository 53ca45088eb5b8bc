"""A stop is in force for every other process before the person's phone gets the reply to it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test import Client

from consent import hooks, inbound
from consent.models import ConsentRecord
from consent.providers import accounts
from consent.sample import Sample
from tests import cast, webhooks

ROOT = Path(__file__).resolve().parent.parent
ASK = """
import django
django.setup()
from consent import decision
from consent.models import Company
from tests.cast import ANA
company = Company.objects.get(slug="aurora").pk
print(decision.may_send(ANA, company=company, channel="sms", purpose="novidades").reason.value)
"""


def elsewhere() -> str:
    """What a process of its own decides now, asking the same database."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{settings['NAME']}"
    else:
        host = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"],
                "password": settings["PASSWORD"]}  # fmt: skip
        there = urlencode({name: value for name, value in host.items() if value}, quote_via=quote)
        url = f"postgresql:///{settings['NAME']}?{there}"
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "optin_site.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()[-1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "stop",
    [
        lambda client: webhooks.post(client, webhooks.sms("SAIR")),
        lambda client: webhooks.post(client, webhooks.call(Digits="0"), path=f"{webhooks.VOICE}?step=1"),
    ],
    ids=["by sms", "by phone"],
)
def test_another_process_says_no_before_the_reply_leaves(
    aurora: Sample, client: Client, monkeypatch: pytest.MonkeyPatch, stop: Callable[[Client], Any]
) -> None:
    accounts.forget()
    cast.says(aurora)
    decided = [elsewhere()]
    real = inbound.answer_once

    def watched(*arguments: Any, **named: Any) -> bytes:
        answer = real(*arguments, **named)
        decided.append(elsewhere())  # the answer is known, and has not left
        return answer

    monkeypatch.setattr(hooks.inbound, "answer_once", watched)

    assert stop(client).status_code == 200
    assert decided == ["given", "withdrawn"]
    assert ConsentRecord.objects.filter(state="withdrawn").exists()
