"""One person with several contacts: linked, parted, asked about in one query, erased whole."""

import importlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import catalogue, dialogue, erasure, history, linking, opening, vault
from consent.contact import Contact
from consent.models import (
    ConsentRecord,
    ContactPoint,
    Erased,
    Evidence,
    Hold,
    InboundMessage,
    OutboundMessage,
    Sender,
    SubjectKey,
)
from consent.sample import Sample
from tests.cast import ANA, BRUNO, CLARA, asks, entries, event, may, says, sent, stops, writes

BSUID = Contact.whatsapp_user("BR.13491208655302741918")
OTHER = Contact.whatsapp_user("BR.99991208655302741918")


@pytest.fixture
def whatsapp(aurora: Sample) -> Sender:
    return Sender.objects.filter(company=aurora.company, channel="whatsapp").order_by("pk")[0]


def chats(sender: Sender, text: str, contact: Contact, reference: str) -> str:
    """Somebody writes to the company on WhatsApp."""
    heard: dict[str, Any] = {
        "sender": sender, "contact": contact, "method": "whatsapp", "reference": reference,
        "evidence": {"message": text},
    }  # fmt: skip
    ask = dialogue.asked_by(sender, text)
    if ask is not None:
        return dialogue.invite(ask, language="pt-BR", **heard).text
    return dialogue.answer(text=text, **heard)


def link(aurora: Sample, one: Contact = BSUID, other: Contact = ANA) -> Any:
    return linking.link(aurora.company, one, other, entity="platform:meta")


def allowed(aurora: Sample, contact: Contact) -> bool:
    return may(aurora, contact, channel="whatsapp").allow


def kinds(kind: str) -> list[dict[str, str]]:
    return [entry for entry in map(json.loads, entries()) if entry["type"] == kind]


def test_who_opted_in_by_user_id_and_stops_from_the_number_has_stopped(
    aurora: Sample, whatsapp: Sender
) -> None:
    chats(whatsapp, "PROMO", BSUID, "wamid.1")
    chats(whatsapp, "SIM", BSUID, "wamid.2")
    assert allowed(aurora, BSUID)
    assert not allowed(aurora, ANA)
    subject = link(aurora)
    assert allowed(aurora, ANA)  # one person
    assert set(ConsentRecord.objects.values_list("subject", flat=True)) == {subject}
    assert "pronto" in chats(whatsapp, "SAIR", ANA, "wamid.3").lower()
    assert not allowed(aurora, BSUID)
    assert not allowed(aurora, ANA)
    (entry,) = kinds("linked")
    assert entry["subject"] == str(subject)
    assert ANA.value not in json.dumps(entry)


def test_two_people_who_turn_out_to_be_one_keep_every_word_of_both(aurora: Sample, whatsapp: Sender) -> None:
    """Ana said yes by WhatsApp under her user id, and no to her number's SMS; both stand after the link."""
    before = says(aurora, BSUID, channel="whatsapp")
    number = says(aurora, ANA)
    stops(aurora, ANA)
    records = list(ConsentRecord.objects.order_by("arrival").values())
    assert link(aurora) == number.subject
    assert list(ConsentRecord.objects.order_by("arrival").values()) == records  # nothing is rewritten
    for contact in (ANA, BSUID):
        assert allowed(aurora, contact)
        assert may(aurora, contact).reason == "withdrawn"
    chats(whatsapp, "PARAR", BSUID, "wamid.1")
    assert not allowed(aurora, ANA)
    assert not allowed(aurora, BSUID)
    assert opening.contact_of(before.subject) == ANA
    assert opening.contact_of(number.subject, scheme="whatsapp-user-id") == BSUID
    assert opening.contacts_of([before.subject, number.subject]) == {
        before.subject: ANA,
        number.subject: ANA,
    }


def test_a_stop_to_either_before_the_link_counts_for_both_after_it(aurora: Sample) -> None:
    stops(aurora, BSUID, channel="whatsapp")
    says(aurora, ANA, channel="whatsapp", event_time=timezone.now() - timedelta(days=400))
    link(aurora)
    assert not allowed(aurora, ANA)
    assert not allowed(aurora, BSUID)


def test_a_question_to_one_is_answered_from_the_other(aurora: Sample) -> None:
    sent(asks(aurora, BSUID))
    says(aurora, ANA, channel="whatsapp")
    link(aurora)
    assert writes(aurora, "SIM", ANA).startswith("Café Aurora: obrigado")
    assert may(aurora, BSUID).allow


def test_what_holds_offers_from_one_holds_them_from_both_until_either_speaks(aurora: Sample) -> None:
    says(aurora, BSUID)
    says(aurora, ANA)
    writes(aurora, "que propaganda insuportável", BSUID)
    assert may(aurora, ANA).allow
    link(aurora)
    assert may(aurora, ANA).reason == may(aurora, BSUID).reason == "held"
    dialogue.judge(Hold.objects.get(), is_stop=True, by="staff:1")
    assert may(aurora, ANA).reason == may(aurora, BSUID).reason == "withdrawn"


def test_a_decision_about_two_ids_is_still_one_query(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    says(aurora, BSUID)
    says(aurora, ANA)
    link(aurora)
    catalogue.rules(aurora.company.pk)
    with CaptureQueriesContext(connection) as queries:
        assert may(aurora, ANA).allow
    assert len(queries) == 1


def test_linking_again_or_two_strangers_changes_nothing(aurora: Sample) -> None:
    assert link(aurora) is None
    says(aurora, BSUID)
    subject = link(aurora)
    points = list(ContactPoint.objects.order_by("id").values())
    assert link(aurora) == link(aurora, ANA, BSUID) == subject
    assert list(ContactPoint.objects.order_by("id").values()) == points
    assert len(kinds("linked")) == 1


def test_links_in_any_order_come_to_one_person(aurora: Sample) -> None:
    subjects = [says(aurora, contact).subject for contact in (BSUID, OTHER, ANA, BRUNO)]
    link(aurora, OTHER, BRUNO)
    link(aurora, BSUID, ANA)
    link(aurora, BSUID, OTHER)
    ids = history.ids_of(subjects)
    assert all(ids[subject] == set(subjects) for subject in subjects)
    stops(aurora, OTHER)
    assert not any(may(aurora, contact).allow for contact in (BSUID, OTHER, ANA, BRUNO))
    live = ContactPoint.objects.filter(is_former=False)
    assert len(set(live.values_list("subject", flat=True))) == 1


def test_consent_does_not_travel_to_a_new_number(aurora: Sample, whatsapp: Sender) -> None:
    given = says(aurora, ANA, channel="whatsapp")
    assert dialogue.number_changed(sender=whatsapp, old=ANA, platform="meta")
    assert may(aurora, ANA, channel="whatsapp").reason == "no_record"
    assert not allowed(aurora, BRUNO)
    (entry,) = kinds("parted")
    assert (entry["subject"], entry["cause"]) == (str(given.subject), "number_changed")
    assert not dialogue.number_changed(sender=whatsapp, old=ANA, platform="meta")
    # Whoever gets the old number is somebody else.
    assert says(aurora, ANA, channel="whatsapp").subject != given.subject
    assert allowed(aurora, ANA)


def test_a_contact_that_parts_from_two_ids_leads_to_neither(aurora: Sample) -> None:
    says(aurora, BSUID)
    says(aurora, ANA)
    link(aurora)
    asks(aurora, ANA)
    assert linking.part(aurora.company, ANA, cause="staff", entity="staff:1")
    assert may(aurora, ANA).reason == "no_record"
    assert may(aurora, BSUID).allow
    assert (OutboundMessage.objects.get().state, OutboundMessage.objects.get().error) == (
        "expired",
        "contact.ended",
    )


def test_erasing_under_either_id_leaves_nothing_of_both(aurora: Sample) -> None:
    one, other = says(aurora, BSUID), says(aurora, ANA)
    link(aurora)
    erasure.erase(one.subject, company=aurora.company, entity="subject")
    assert set(Erased.objects.values_list("subject", flat=True)) == {one.subject, other.subject}
    for table in (SubjectKey, ContactPoint, Evidence):
        assert not table.objects.exists()
    assert may(aurora, ANA).reason == may(aurora, BSUID).reason == "no_record"


def test_what_a_later_holder_of_the_number_wrote_is_not_erased_with_the_first(
    aurora: Sample, whatsapp: Sender
) -> None:
    given = says(aurora, ANA)

    def came() -> None:
        InboundMessage.objects.create(
            id=vault.new_id(), event=vault.new_id().bytes * 2, provider="meta", sender=whatsapp, sealed=b"",
            digest=b"", number_key=vault.number_key(ANA), received_at=timezone.now(),
        )  # fmt: skip

    came()
    dialogue.number_changed(sender=whatsapp, old=ANA, platform="meta")
    came()
    erasure.erase(given.subject, company=aurora.company, entity="subject")
    assert InboundMessage.objects.count() == 1


def test_both_spellings_of_a_number_are_one_person(aurora: Sample) -> None:
    """WhatsApp leaves out Brazil's ninth digit and keeps Mexico's 1 for old accounts; many leave out Argentina's 9."""
    for spellings in (
        ("+5511987654321", "551187654321"),
        ("+525512345678", "5215512345678"),
        ("+5491123456789", "541123456789"),
        ("+541123456780", "5491123456780"),
    ):
        new, old = (Contact.reported(spelling) for spelling in spellings)
        recorded = event(aurora, contact=old)
        says(aurora, old)
        assert may(aurora, new).allow
        stops(aurora, new)
        assert not may(aurora, old).allow
        assert recorded.contact.value == old.value


def test_an_argentine_number_known_as_it_was_written_is_found_after_an_upgrade(aurora: Sample) -> None:
    """Where two people were known by the two spellings of one number, it leads to both."""
    alone, mobile, same = map(Contact.reported, ("541123456789", "5491123450000", "541123450000"))
    says(aurora, mobile)
    before = {alone: says(aurora, BRUNO).subject, same: stops(aurora, CLARA).subject}
    for contact, subject in before.items():
        point = ContactPoint.objects.get(subject=subject)
        key = opening.key_of(subject)
        point.sealed = vault.seal(key, item=b"contact" + point.pk.bytes, plaintext=contact.value.encode())
        point.lookup = vault.digest("as it was written", contact.value)
        point.save()
    SubjectKey.objects.filter(subject=says(aurora).subject).update(wrapped=b"broken")
    upgrade = importlib.import_module("consent.migrations.0049_argentine_numbers_have_one_spelling")

    for _again in range(2):
        upgrade.respell(apps, None)

    assert may(aurora, alone).allow
    assert may(aurora, mobile).reason == may(aurora, same).reason == "withdrawn"
    assert may(aurora).allow  # who cannot be opened is left as they were
