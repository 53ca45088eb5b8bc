"""Staff make a kiosk, see its link once, and shut it for good."""

import re

from django.test import Client
from django.urls import reverse

from consent.models import Kiosk
from tests.staff import Firm


def test_a_link_is_shown_once_opens_the_tablet_and_is_revoked_for_good(bruno: Client, cafe: Firm) -> None:
    point = cafe.aurora.point
    made = bruno.post(reverse("admin:consent_kiosk_add"), {"point": point.pk, "name": "counter 2"})
    link = re.search(r'value="([^"]+/kiosk/open/#[^"]+)"', made.content.decode())
    assert link
    key = link[1].partition("#")[2]
    kiosk = Kiosk.objects.get()
    assert kiosk.made_by.startswith("staff:")
    assert key.encode() not in bytes(kiosk.digest)
    page = reverse("admin:consent_kiosk_change", args=[kiosk.pk])
    assert key not in bruno.get(page).content.decode()

    tablet = Client()
    where = f"/c/{cafe.company.slug}/{point.slug}/kiosk/"
    tablet.post(f"{where}open/", {"key": key})
    assert tablet.get(where).status_code == 200
    revoke = reverse("admin:consent_kiosk_revoke", args=[kiosk.pk])
    assert "takes no more answers" in bruno.post(revoke, follow=True).content.decode()
    assert "revoked before" in bruno.post(revoke, follow=True).content.decode()
    assert tablet.get(where).status_code == 403


def test_a_kiosk_of_another_companys_point_cannot_be_made(bruno: Client, bakery: Firm) -> None:
    form = {"point": bakery.aurora.point.pk, "name": "counter 2"}

    assert "Select a valid choice" in bruno.post(reverse("admin:consent_kiosk_add"), form).content.decode()
    assert not Kiosk.objects.exists()


def test_what_leads_on_to_what_was_made_offers_one_button(bruno: Client, cafe: Firm) -> None:
    for name in ("consent_kiosk_add", "consent_paperbatch_add"):
        page = bruno.get(reverse(f"admin:{name}")).content.decode()
        assert 'name="_save"' in page
        assert "_addanother" not in page
        assert "_continue" not in page
