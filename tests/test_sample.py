"""The sample company: complete, open, and left alone where it is there already."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from consent import catalogue, providers, sample
from consent.contact import Contact
from consent.models import CapturePoint, Company, MessageTemplate, NoticeVersion, Offer, Purpose, Sender
from consent.vocabulary import Channel, Language

pytestmark = pytest.mark.django_db


def counts() -> list[int]:
    return [model.objects.count() for model in (Company, Sender, Purpose, CapturePoint, Offer, NoticeVersion)]


def test_the_sample_can_be_opened_at_once() -> None:
    made = sample.seed()
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    assert ask.is_open
    assert (ask.point, ask.version, ask.sender) == (made.point, made.version, made.sender)
    assert made.sender.address == "+551140028922"
    assert made.sender.provider == "sandbox"
    assert set(made.purposes) == {"novidades", "pedidos"}


def test_the_sample_has_a_sender_on_every_channel() -> None:
    sample.seed()
    assert set(Sender.objects.values_list("channel", flat=True)) == set(Channel.values)
    for sender in Sender.objects.all():
        assert Contact.tel(sender.address).region == "BR"


@pytest.mark.parametrize("language", Language.values)
def test_the_sample_speaks_every_language(language: str) -> None:
    made = sample.seed()
    assert made.version.wordings[language]["screen"]
    assert made.point.title[language]
    for purpose in made.purposes.values():
        assert purpose.name[language]
        assert purpose.description[language]


def test_seeding_again_changes_nothing() -> None:
    first = sample.seed()
    before = counts()
    assert sample.seed() == first
    assert counts() == before


def test_a_sample_of_an_earlier_release_gets_what_is_new() -> None:
    made = sample.seed()
    CapturePoint.objects.update(voice=None)
    Sender.objects.filter(address=sample.AT_META).delete()

    for _time in range(2):
        sample.approve(sample.seed())

    made.point.refresh_from_db()
    assert made.point.voice == Sender.objects.get(channel=Channel.VOICE)
    assert providers.is_at_meta(Sender.objects.get(address=sample.AT_META))
    assert MessageTemplate.objects.count() == 3 * len(Language)


def test_what_staff_changed_stays() -> None:
    made = sample.seed()
    Company.objects.update(name="Café Boreal")
    CapturePoint.objects.update(is_open=False)
    Offer.objects.filter(channel=Channel.WHATSAPP).delete()
    sample.seed()
    made.company.refresh_from_db()
    made.point.refresh_from_db()
    assert made.company.name == "Café Boreal"
    assert not made.point.is_open
    assert made.point.offers.count() == 2


def test_a_draft_of_staff_is_not_published_for_them() -> None:
    made = sample.seed()
    NoticeVersion.objects.create(notice=made.version.notice, major=2)
    assert sample.seed().version == made.version
    NoticeVersion.objects.filter(pk=made.version.pk).update(state="retired")
    sample.seed()
    assert sorted(NoticeVersion.objects.values_list("state", flat=True)) == ["draft", "retired"]


def test_the_command_makes_a_login_and_names_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed_sample")
    call_command("seed_sample")
    out = capsys.readouterr().out
    assert "/c/aurora/novidades/" in out
    user = get_user_model().objects.get(username="staff")
    assert user.check_password("aurora-sample-only")
    assert user.is_staff


def test_the_command_leaves_a_changed_password_alone(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed_sample")
    user = get_user_model().objects.get(username="staff")
    user.set_password("something-else-entirely")
    user.save()
    call_command("seed_sample")
    user.refresh_from_db()
    assert user.check_password("something-else-entirely")
