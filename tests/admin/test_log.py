"""The log on staff pages: entries as they were hashed, checkpoints as they were signed."""

from django.test import Client
from django.urls import reverse

from consent import vault
from consent.models import Checkpoint, LogEntry
from tests import cast
from tests.staff import Firm


def test_an_entry_is_shown_as_it_was_hashed(bruno: Client, cafe: Firm) -> None:
    entry = LogEntry.objects.get(id=cafe.said.records[0])
    page = bruno.get(reverse("admin:consent_logentry_change", args=[entry.pk])).content.decode()
    assert "&quot;state&quot;: &quot;given&quot;" in page
    assert cast.ANA.value not in page


def test_an_entry_that_is_no_json_is_shown_in_hex(root: Client, db: None) -> None:
    LogEntry.objects.create(index=7, id=vault.new_id(), data=b"\xff\x00")
    assert "ff00" in root.get(reverse("admin:consent_logentry_change", args=[7])).content.decode()


def test_staff_see_the_entries_of_their_own_records(
    bruno: Client, root: Client, cafe: Firm, bakery: Firm
) -> None:
    path = reverse("admin:consent_logentry_changelist")
    own, other = (str(firm.said.records[0]) for firm in (cafe, bakery))
    page = bruno.get(path).content.decode()
    assert own in page
    assert other not in page
    assert other in root.get(path).content.decode()


def test_a_checkpoint_is_shown_as_it_was_signed(bruno: Client, cafe: Firm) -> None:
    last = Checkpoint.objects.order_by("-size")[0]
    page = bruno.get(reverse("admin:consent_checkpoint_change", args=[last.pk])).content.decode()
    assert last.note.splitlines()[-1] in page.replace("&#x27;", "'")
    assert bruno.get(reverse("admin:consent_checkpoint_changelist")).status_code == 200
