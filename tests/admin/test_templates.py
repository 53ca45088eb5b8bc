"""Message templates: written down as they were approved, with nothing in them that cannot be filled in."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import MessageTemplate, Sender
from tests import meta
from tests.staff import Firm

ADD = reverse("admin:consent_messagetemplate_add")
LISTED = reverse("admin:consent_messagetemplate_changelist")


@pytest.fixture
def sender(cafe: Firm) -> Sender:
    return meta.sender(cafe.aurora)


def form(sender: Sender, **changes: Any) -> dict[str, Any]:
    body = "{company}: para receber {boxes}, toque num botão. {company} agradece."
    values = {"sender": sender.pk, "kind": "ask", "language": "pt-BR", "name": "confirm_number", "body": body}
    return values | changes


def test_a_template_is_written_down_and_shown_as_it_must_be_approved(bruno: Client, sender: Sender) -> None:
    assert bruno.post(ADD, form(sender)).status_code == 302

    template = MessageTemplate.objects.get(sender=sender)
    page = bruno.get(reverse("admin:consent_messagetemplate_change", args=[template.pk])).content.decode()
    assert "{{1}}: para receber {{2}}, toque num botão. {{1}} agradece." in page
    assert "Sim, aceito · Não, obrigado · Parar mensagens" in page
    assert "confirm_number" in bruno.get(LISTED).content.decode()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "Confirm number"}, "small letters"),
        ({"body": "{company} {phone} {name}"}, "{name}, {phone}"),
        ({"kind": "invite", "body": "{text}!"}, "write {text} and nothing else"),
        ({"kind": "invite", "body": "{text}", "name": "x"}, ""),
        ({"body": ""}, "This field is required."),
    ],
)
def test_what_could_not_be_sent_is_refused(
    bruno: Client, sender: Sender, changes: dict[str, str], problem: str
) -> None:
    answer = bruno.post(ADD, form(sender, **changes))

    assert answer.status_code == (200 if problem else 302)
    assert problem in answer.content.decode()


def test_at_twilio_it_is_a_content(bruno: Client, cafe: Firm) -> None:
    sender = Sender.objects.create(
        company=cafe.company, channel="whatsapp", provider="twilio", address="+551140028930"
    )

    assert "HX and 32" in bruno.post(ADD, form(sender)).content.decode()
    assert bruno.post(ADD, form(sender, name="HX" + "0a" * 16)).status_code == 302


def test_parts_of_another_company_are_not_to_be_chosen(
    bruno: Client, root: Client, sender: Sender, bakery: Firm, cafe: Firm
) -> None:
    answer = bruno.post(ADD, form(sender, point=bakery.aurora.point.pk))
    assert "Select a valid choice" in answer.content.decode()
    assert "Select a valid choice" in bruno.post(ADD, form(bakery.aurora.sender)).content.decode()
    answer = root.post(ADD, form(sender, point=bakery.aurora.point.pk))
    assert "Choose one of the same company." in answer.content.decode()
    assert root.post(ADD, form(sender, point=cafe.aurora.point.pk)).status_code == 302


def test_one_that_is_not_used_any_more_is_deleted(bruno: Client, sender: Sender) -> None:
    bruno.post(ADD, form(sender))
    template = MessageTemplate.objects.get(sender=sender)

    answer = bruno.post(reverse("admin:consent_messagetemplate_delete", args=[template.pk]), {"post": "yes"})

    assert answer.status_code == 302
    assert not MessageTemplate.objects.filter(sender=sender).exists()
