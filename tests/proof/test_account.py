"""What one act recorded, and what of it a receipt may show."""

from datetime import timedelta

import pytest

from consent import vault
from consent.contact import Contact
from consent.models import ContactPoint, SubjectKey
from consent.proof import account
from consent.proof.account import Account
from consent.sample import Sample
from consent.vocabulary import Channel, State
from tests.proof import acts


def test_an_act_is_read_with_its_records_in_the_order_they_were_said(given: Account) -> None:
    assert [record.channel for record in given.records] == ["sms", "whatsapp"]
    assert given.company.name == "Café Aurora"
    assert given.language == "pt-BR"
    assert given.address.endswith(f"/r/{vault.act_token(given.act, use='receipt')}/")


@pytest.mark.django_db
def test_an_act_nobody_did_has_no_account() -> None:
    assert account.read(vault.new_id()) is None


def test_reading_costs_the_same_few_queries_however_many_records(
    given: Account, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(3):  # type: ignore[operator]
        account.read(given.act)


def test_the_number_is_masked(given: Account) -> None:
    assert given.number == acts.ANA.masked
    assert "98765" not in given.number


def test_somebody_known_by_a_whatsapp_user_id_has_that_masked(aurora: Sample) -> None:
    bruno = acts.say(aurora, contact=Contact.whatsapp_user("US.13491208655302741918"))

    assert bruno.number == "US.·········18"


def test_an_erased_person_has_no_number(given: Account) -> None:
    SubjectKey.objects.filter(subject=given.first.subject).delete()

    found = account.read(given.act)

    assert found is not None
    assert found.number == ""
    assert len(found.records) == 2


def test_a_person_whose_contact_is_gone_has_no_number(given: Account) -> None:
    ContactPoint.objects.filter(subject=given.first.subject).delete()

    found = account.read(given.act)

    assert found is not None
    assert found.number == ""


def test_who_gives_anything_has_given(aurora: Sample) -> None:
    assert acts.say(aurora).state == "given"
    assert acts.say(aurora, State.REFUSED).state == "refused"


def test_only_what_was_given_to_a_purpose_counts_as_a_grant(aurora: Sample) -> None:
    assert [purpose.slug for _record, purpose in acts.say(aurora).grants] == ["novidades", "novidades"]
    assert acts.say(aurora, State.WITHDRAWN, boxes=((None, Channel.SMS),), notice=None).grants == ()


def test_a_grant_ends_after_the_days_of_its_purpose(given: Account) -> None:
    assert account.until(given.first) == acts.WHEN + timedelta(days=730)


def test_a_grant_for_ever_has_no_end(aurora: Sample) -> None:
    aurora.purposes["pedidos"].validity_days = 0
    aurora.purposes["pedidos"].save()

    assert account.until(acts.say(aurora, boxes=(("pedidos", Channel.SMS),)).first) is None
