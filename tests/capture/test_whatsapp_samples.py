"""Every sample of Meta's webhooks and Twilio's WhatsApp forms is taken in: what becomes of each is said one by one."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent import hooks, inbound, opening
from consent.capture.whatsapp import from_twilio, working
from consent.contact import Contact
from consent.models import ConsentRecord, Hold, Sender
from consent.providers import accounts
from consent.sample import Sample
from tests import cast, meta, payloads, webhooks
from tests.capture.test_sms import EMPTY

FORMS = payloads.TWILIO / "inbound_forms_SYNTHETIC.json"
SHEENA = Contact.reported("16505551234")

# (what is kept, whether what was agreed to on WhatsApp still holds) for each sample.
OUTCOMES = {
    "webhook__text_message": ("answered", True),
    "webhook__text_message_from_click_to_whatsapp_ad": ("answered", True),
    "webhook__text_message_with_context_product_inquiry": ("answered", True),
    # The opt-out button of Meta's own marketing templates.
    "webhook__button_message": ("answered", False),
    # A button of somebody else's that says "Cancel": a stop that is none is undone in one message.
    "webhook__interactive_button_reply_message": ("answered", False),
    "webhook__interactive_list_reply_message": ("kept", True),
    "webhook__contact_sharing_message": ("kept", True),
    "webhook__image_message": ("kept", True),
    "webhook__location_message": ("kept", True),
    "webhook__order_message": ("kept", True),
    "webhook__reaction_message": ("kept", True),
    "webhook__group_create_message": ("kept", True),
    "webhook__group_remove_participants": ("kept", True),
    "webhook__group_settings_update": ("kept", True),
    "webhook__unsupported_message": ("unreadable", True),
    # They left the number: what they agreed to does not stay with it.
    "webhook__system_message": ("answered", False),
    "wh_user_preferences_stop_DERIVED": ("answered", False),
}


def test_no_sample_is_forgotten() -> None:
    if not payloads.META.exists():
        pytest.skip("Meta's samples are not here")
    there = {
        path.stem for pattern in ("webhook__*", "wh_*") for path in payloads.META.glob(f"{pattern}.json")
    }

    assert there == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_sample_of_metas_is_understood_or_kept(aurora: Sample, client: Client, name: str) -> None:
    path = payloads.META / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{name} of Meta's samples is not here")
    meta.sender(aurora)
    cast.says(aurora, SHEENA, channel="whatsapp")
    before = ConsentRecord.objects.count()

    assert meta.post(client, path.read_bytes()).status_code == 200
    meta.drain()

    state, is_allowed = OUTCOMES[name]
    assert meta.kept() == [state]
    assert cast.may(aurora, SHEENA, channel="whatsapp").allow is is_allowed
    # Nothing in them is a yes, and only a stop is recorded.
    states = set(ConsentRecord.objects.order_by("arrival").values_list("state", flat=True)[before:])
    assert states <= {"withdrawn"}
    # The same again changes nothing.
    meta.post(client, path.read_bytes())
    meta.drain()
    assert meta.kept() == [state]


def forms() -> list[Any]:
    if not FORMS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason="Twilio's sample forms are not here"))]
    found = json.loads(FORMS.read_text())["requests"]
    return [
        pytest.param(one["form"], id=one["name"])
        for one in found
        if one["form"].get("To", "").startswith("whatsapp:") and "MessageStatus" not in one["form"]
    ]


@pytest.mark.parametrize("form", forms())
def test_every_whatsapp_form_of_twilios_is_taken_in(
    aurora: Sample, client: Client, form: dict[str, str]
) -> None:
    secret = accounts.seal(webhooks.TWILIO_SID, [webhooks.TOKEN])
    Sender.objects.create(
        company=aurora.company, channel="whatsapp", provider="twilio", address="+551130000000",
        account=webhooks.TWILIO_SID, secret=secret,
    )  # fmt: skip
    accounts.forget()

    response = webhooks.post(client, form, token=webhooks.TOKEN)

    assert response.status_code == 200
    assert webhooks.kept()[0][0] in {"answered", "kept"}
    assert set(ConsentRecord.objects.values_list("state", flat=True)) <= {"withdrawn"}
    assert not Hold.objects.exists()


# --- WhatsApp at Twilio


def whatsapp(text: str, **changes: str) -> dict[str, str]:
    """A message from Ana to a number of Café Aurora on WhatsApp, as Twilio describes one."""
    there = {
        "From": f"whatsapp:{cast.ANA.value}", "To": "whatsapp:+551140028929", "Body": text, "WaId": cast.ANA.value[1:],
        "ProfileName": "Ana Souza", "MessageType": "text",
    }  # fmt: skip
    return webhooks.sms(text) | there | changes


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    """A number of the sandbox that speaks Twilio's WhatsApp."""
    return Sender.objects.create(
        company=aurora.company, channel="whatsapp", provider="sandbox", address="+551140028929"
    )


def test_a_keyword_is_answered_in_words_and_words_are_a_yes(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    asked = webhooks.said(webhooks.post(client, whatsapp("PROMO")))
    assert "Café Aurora" in asked

    receipt = webhooks.said(webhooks.post(client, whatsapp("SIM")))

    assert "/r/" in receipt
    assert cast.may(aurora, channel="whatsapp").allow
    assert "Ana Souza" not in asked + receipt


def test_a_language_behind_the_keyword_is_that_of_the_question_and_of_the_receipt(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    for by in (whatsapp, webhooks.sms):
        asked = webhooks.said(webhooks.post(client, by("Promo español")))
        assert "quiere enviarle" in asked
        assert "gracias" in webhooks.said(webhooks.post(client, by("ACEPTO")))
    assert set(ConsentRecord.objects.values_list("language", flat=True)) == {"es"}


def test_a_content_with_buttons_goes_through_the_outbox_and_its_payload_counts(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    sender.templates.create(language="pt-BR", kind="invite", name="HX" + "0" * 32, body="{text}")

    assert webhooks.said(webhooks.post(client, whatsapp("PROMO"))) == ""
    (queued,) = meta.queued()
    content = opening.message_content(queued)
    assert content["template"][0] == "HX" + "0" * 32
    queued.state = "sent"
    queued.save()
    no = content["buttons"][1][0]
    webhooks.post(client, whatsapp("Sim", ButtonPayload=no, ButtonText="Sim", MessageType="button"))

    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {"requested", "refused"}
    stop = content["buttons"][2][0]
    webhooks.post(client, whatsapp("Sim", ButtonPayload=stop, ButtonText="Sim", MessageType="button"))
    assert "withdrawn" in set(ConsentRecord.objects.values_list("state", flat=True))


def test_a_foreign_button_may_be_a_stop_and_never_a_yes(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    webhooks.post(client, whatsapp("PROMO"))
    for text in ("Sim", "SIM"):
        webhooks.post(client, whatsapp(text, ButtonPayload="order", ButtonText=text))
        webhooks.post(client, whatsapp(text, NumMedia="1"))
    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {"requested"}

    webhooks.post(client, whatsapp("Chega", ButtonPayload="order", ButtonText="Parar"))

    assert "withdrawn" in set(ConsentRecord.objects.values_list("state", flat=True))


def test_somebody_without_a_number_is_known_by_their_user_id(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    user_id = "whatsapp:BR.13491208655302741918"
    named = {"From": user_id, "WaId": "", "ExternalUserId": user_id}

    webhooks.post(client, whatsapp("PROMO", **named))
    webhooks.post(client, whatsapp("SIM", **named))

    somebody = Contact.whatsapp_user("BR.13491208655302741918")
    assert cast.may(aurora, somebody, channel="whatsapp").allow
    webhooks.post(client, whatsapp("SAIR", From="", WaId="", ExternalUserId=user_id))
    assert not cast.may(aurora, somebody, channel="whatsapp").allow


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"To": "whatsapp:+551140028900"}, "unrouted"),
        ({"To": "whatsapp:+551140028922"}, "unrouted"),  # that one is for SMS
        ({"From": "whatsapp:anonymous", "WaId": ""}, "unreadable"),
        ({"MessageSid": "SMx"}, "unreadable"),
    ],
)
def test_what_cannot_be_attributed_is_kept_for_staff(
    aurora: Sample, sender: Sender, client: Client, changes: dict[str, str], state: str
) -> None:
    assert webhooks.post(client, whatsapp("SIM", **changes)).content == EMPTY
    assert webhooks.kept() == [(state, "twilio")]


def test_a_number_at_meta_is_not_spoken_for_by_twilio(aurora: Sample, client: Client) -> None:
    at_meta = aurora.company.senders.exclude(number_id="").filter(channel="whatsapp").first()
    assert at_meta is not None

    webhooks.post(client, whatsapp("SAIR", To=f"whatsapp:{at_meta.address}"))

    assert webhooks.kept() == [("unrouted", "twilio")]


def test_late_only_a_stop_counts(aurora: Sample, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "DRAIN_EVERY", 0.0)
    webhooks_at = timezone.now() - timedelta(minutes=5)
    for text in ("PROMO", "SAIR"):
        inbound.keep(from_twilio.deliver(whatsapp(text), received_at=webhooks_at))

    working.drain()

    assert sorted(webhooks.kept()) == [("answered", "twilio"), ("unreadable", "twilio")]
    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_what_became_of_a_message_on_whatsapp_is_told_at_the_same_address_as_of_sms(
    aurora: Sample, sender: Sender, client: Client
) -> None:
    sender.templates.create(language="pt-BR", kind="invite", name="HX" + "0" * 32, body="{text}")
    webhooks.post(client, whatsapp("PROMO"))
    (message,) = meta.queued()
    told = webhooks.status("delivered", of="SM1") | {
        "From": "whatsapp:+551140028929",
        "To": "whatsapp:+5511987654321",
    }

    webhooks.post(client, told, path=f"{webhooks.STATUS}?message={message.pk.hex}")

    message.refresh_from_db()
    assert message.state == "delivered"
