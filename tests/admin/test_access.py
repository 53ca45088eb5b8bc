"""Signing in, users, groups and keys of programs."""

import hashlib
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.admin import groups
from consent.api import keys
from consent.errors import BadInput
from consent.models import ApiKey, Membership
from tests.staff import PASSWORD, Firm, signed_in, user

LOGIN = "/admin/login/"
PRINTED = re.compile(r"optin_[\w-]{43}")


def sign_in(client: Client, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"username": "bruno", "password": password, "next": "/admin/", **more})


def make_key(client: Client, firm: Firm) -> tuple[str, Any]:
    """A key as it was shown, and the page that showed it."""
    answer = client.post(
        reverse("admin:consent_apikey_add"),
        {"company": firm.company.pk, "name": "Till", "scopes": ["decisions"]},
    )
    shown = set(PRINTED.findall(answer.content.decode()))
    assert len(shown) == 1
    return shown.pop(), answer


def test_a_key_is_shown_once_and_kept_as_a_digest(bruno: Client, cafe: Firm) -> None:
    secret, answer = make_key(bruno, cafe)
    assert "no-store" in answer["Cache-Control"]
    key = ApiKey.objects.get(name="Till")
    assert bytes(key.digest) == hashlib.sha256(secret.encode()).digest()
    for path in (
        reverse("admin:consent_apikey_changelist"),
        reverse("admin:consent_apikey_change", args=[key.pk]),
        reverse("admin:consent_apikey_history", args=[key.pk]),
        "/admin/",
    ):
        assert secret not in bruno.get(path).content.decode()


def test_two_keys_differ(bruno: Client, cafe: Firm) -> None:
    assert make_key(bruno, cafe)[0] != make_key(bruno, cafe)[0]


def test_a_key_is_renamed_without_changing(bruno: Client, cafe: Firm) -> None:
    make_key(bruno, cafe)
    key = ApiKey.objects.get(name="Till")
    before = bytes(key.digest)
    assert (
        bruno.post(
            reverse("admin:consent_apikey_change", args=[key.pk]), {"name": "Shop", "scopes": ["records"]}
        ).status_code
        == 302
    )
    key.refresh_from_db()
    assert (key.name, bytes(key.digest)) == ("Shop", before)


def test_a_key_is_replaced_and_the_old_one_lives_for_a_day(bruno: Client, cafe: Firm) -> None:
    old, _answer = make_key(bruno, cafe)
    key = ApiKey.objects.get(name="Till")
    path = reverse("admin:consent_apikey_rotate", args=[key.pk])

    shown = PRINTED.findall(bruno.post(path).content.decode())
    again = bruno.post(path, follow=True).content.decode()

    assert "replaced before" in again
    keys.forget()
    new = keys.holder(f"Bearer {shown[0]}", scope="decisions")
    assert keys.holder(f"Bearer {old}", scope="decisions").key == key.pk != new.key
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        keys.forget()
        with pytest.raises(BadInput):
            keys.holder(f"Bearer {old}", scope="decisions")
        assert keys.holder(f"Bearer {shown[0]}", scope="decisions") == new
    key.refresh_from_db()
    assert key.last_used_at is not None


def test_a_key_is_revoked_for_good(bruno: Client, cafe: Firm) -> None:
    path = reverse("admin:consent_apikey_revoke", args=[cafe.key.pk])
    asked = bruno.post(path, follow=True)
    assert asked.redirect_chain == [(path, 302)]
    assert "It was never used." in asked.content.decode()
    assert "ask whether a message may be sent" in asked.content.decode()
    cafe.key.refresh_from_db()
    assert cafe.key.revoked_at is None
    said = {"sure": "yes"}
    assert "no longer opens anything" in bruno.post(path, said, follow=True).content.decode()
    cafe.key.refresh_from_db()
    revoked_at = cafe.key.revoked_at
    assert revoked_at is not None
    assert "revoked before" in bruno.post(path, said, follow=True).content.decode()
    assert "revoked before" in bruno.get(path, follow=True).content.decode()
    cafe.key.refresh_from_db()
    assert cafe.key.revoked_at == revoked_at
    page = bruno.get(reverse("admin:consent_apikey_change", args=[cafe.key.pk])).content.decode()
    assert "badge-revoked" in page
    assert "Revoke the key" not in page


def test_an_auditor_revokes_nothing(auditor: Client, cafe: Firm) -> None:
    assert auditor.post(reverse("admin:consent_apikey_revoke", args=[cafe.key.pk])).status_code == 403


def test_a_user_gets_companies_and_groups(root: Client, cafe: Firm) -> None:
    clara = user("clara")
    staff = Group.objects.get(name="Staff")
    form = {
        "username": "clara", "is_active": "on", "is_staff": "on", "groups": [staff.pk],
        "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0, "memberships-MIN_NUM_FORMS": 0,
        "memberships-MAX_NUM_FORMS": 1000, "memberships-0-company": cafe.company.pk, "memberships-0-user": clara.pk,
    }  # fmt: skip
    path = reverse("admin:auth_user_change", args=[clara.pk])
    assert root.post(path, form).status_code == 302
    assert Membership.objects.get(user=clara).company == cafe.company
    assert list(clara.groups.all()) == [staff]
    assert "Café Aurora" in root.get(reverse("admin:auth_user_changelist")).content.decode()


def test_a_new_user_can_sign_in_and_sees_nothing_yet(root: Client, cafe: Firm) -> None:
    form = {
        "username": "dora", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD,
        "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert root.post(reverse("admin:auth_user_add"), form).status_code == 302
    dora = User.objects.get(username="dora")
    assert (dora.is_staff, dora.is_superuser, dora.groups.count()) == (True, False, 0)

    page = signed_in(dora).get(reverse("admin:index")).content.decode()
    assert "You do not work for any company here yet." in page


def test_users_are_switched_off_and_not_deleted(root: Client, cafe: Firm) -> None:
    clara = user("clara", "Staff", company=cafe.company)
    client = signed_in(clara)
    assert client.get("/admin/").status_code == 200
    assert root.post(reverse("admin:auth_user_delete", args=[clara.pk]), {"post": "yes"}).status_code == 403
    User.objects.filter(pk=clara.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_a_group_is_made_of_our_permissions_only(root: Client, db: None) -> None:
    page = root.get(reverse("admin:auth_group_add")).content.decode()
    assert "Can open personal data" in page
    assert "Can add user" not in page


def test_the_presets_are_as_written_after_every_migrate(db: None) -> None:
    staff = Group.objects.get(name="Staff")
    staff.permissions.set(Permission.objects.filter(codename="delete_user"))
    groups.make()
    assert set(staff.permissions.values_list("codename", flat=True)) == set(groups.PRESETS["Staff"])
    auditor = Group.objects.get(name="Auditor")
    held = set(auditor.permissions.values_list("codename", flat=True))
    # What an auditor writes is about the records, and changes none.
    assert {name for name in held if not name.startswith("view_")} == {"add_auditsample", "add_auditfinding"}


@pytest.mark.parametrize(
    "next_page", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(cafe: Firm, next_page: str) -> None:
    user("bruno", "Staff", company=cafe.company)
    answer = sign_in(Client(), next=next_page)
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_signing_in_leads_back(cafe: Firm) -> None:
    user("bruno", "Staff", company=cafe.company)
    assert sign_in(Client(), next="/admin/consent/notice/")["Location"] == "/admin/consent/notice/"


def test_guessing_is_slowed_down_for_one_name_and_address(cafe: Firm) -> None:
    user("bruno", "Staff", company=cafe.company)
    guesser = Client(REMOTE_ADDR="203.0.113.5")
    statuses = [sign_in(guesser, f"guess {number}").status_code for number in range(20)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    locked = sign_in(guesser)
    assert locked.status_code == 429
    assert "Too many attempts" in locked.content.decode()
    assert "guess" not in locked.content.decode()
    # The same account from elsewhere, and another account from there, work as before.
    assert sign_in(Client(REMOTE_ADDR="203.0.113.6")).status_code == 302
    user("clara", "Staff", company=cafe.company)
    other = guesser.post(LOGIN, {"username": "clara", "password": PASSWORD, "next": "/admin/"})
    assert other.status_code == 302


def test_the_owner_of_an_account_is_told_of_failed_attempts(cafe: Firm, settings: Any) -> None:
    user("bruno", "Staff", company=cafe.company)
    for number in range(3):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), "guess")
    client = Client()
    sign_in(client)
    assert (
        "3 sign-ins to your account failed in 7 days (addresses: 3)."
        in client.get("/admin/").content.decode()
    )


def test_a_password_is_changed_by_its_owner(cafe: Firm) -> None:
    client = signed_in(user("bruno", "Staff", company=cafe.company))
    form = {
        "old_password": PASSWORD,
        "new_password1": "horse battery staple",
        "new_password2": "horse battery staple",
    }
    assert client.post(reverse("admin:password_change"), form).status_code == 302
    assert sign_in(Client(), "horse battery staple").status_code == 302


@pytest.mark.parametrize(
    ("code", "words"), [("es", "Iniciar sesión"), ("pt-br", "Acessar"), ("en", "Log in")]
)
def test_the_language_is_switched_before_signing_in(db: None, code: str, words: str) -> None:
    client = Client()
    answer = client.post("/admin/language/", {"language": code, "next": LOGIN}, follow=True)
    assert answer.redirect_chain == [(LOGIN, 302)]
    assert words in answer.content.decode()
    assert f'lang="{code}"' in answer.content.decode()


def test_the_language_switch_leads_nowhere_else(db: None) -> None:
    answer = Client().post("/admin/language/", {"language": "es", "next": "https://evil.example/"})
    assert "evil" not in answer["Location"]


def test_whoever_is_no_staff_stays_outside(db: None) -> None:
    User.objects.create_user("guest", password=PASSWORD)
    client = Client()
    client.force_login(User.objects.get())
    assert client.get("/admin/").status_code == 302


def test_times_are_shown_in_the_companys_zone(bruno: Client, clara: Client, cafe: Firm, bakery: Firm) -> None:
    assert "America/Sao_Paulo" in bruno.get("/admin/").content.decode()
    assert "America/Bogota" in clara.get("/admin/").content.decode()


def test_times_are_in_utc_for_whoever_sees_several(root: Client, cafe: Firm, bakery: Firm) -> None:
    assert "Times are in the zone UTC." in root.get("/admin/").content.decode()


def test_a_session_lasts_a_working_day(settings: Any) -> None:
    assert timedelta(seconds=settings.SESSION_COOKIE_AGE) <= timedelta(hours=12)
    assert timezone.now().tzinfo is not None


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("http://testserver/admin/consent/apikey/?o=1", "/admin/consent/apikey/?o=1"),
        ("http://elsewhere.example/admin/", "/admin/"),
        ("http://testserver.elsewhere.example/admin/", "/admin/"),
        ("http://testserver//elsewhere.example/admin/", "/admin/"),
        ("", "/admin/"),
    ],
)
def test_what_is_sent_after_the_session_ended_is_not_done_and_says_so(
    cafe: Firm, came_from: str, leads_to: str
) -> None:
    client = Client(headers={"Referer": came_from})
    revoke = reverse("admin:consent_apikey_revoke", args=[cafe.key.pk])
    answer = client.post(revoke, follow=True)
    assert ApiKey.objects.get(pk=cafe.key.pk).revoked_at is None
    assert "what you just sent was not done" in answer.content.decode()
    assert answer.redirect_chain == [(f"/admin/login/?{urlencode({'next': leads_to}, safe='/')}", 302)]


def test_an_address_that_only_takes_what_is_sent_leads_back_to_its_page(bruno: Client, cafe: Firm) -> None:
    answer = bruno.get(reverse("admin:consent_apikey_rotate", args=[cafe.key.pk]))
    assert answer.status_code == 405
    assert "Nothing was done." in answer.content.decode()
    back = re.search(r'class="button" href="([^"]+)"', answer.content.decode())
    assert back
    assert bruno.get(back[1], follow=True).status_code == 200


def test_a_page_that_was_open_for_too_long_says_so_and_what_to_do(db: None) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Accept-Language": "pt-BR"})
    answer = client.post(LOGIN, {"username": "bruno"})
    assert answer.status_code == 403
    shown = answer.content.decode()
    assert "Esta página ficou aberta tempo demais" in shown
    assert 'href="/admin/"' in shown
    assert "CSRF" not in shown


def test_errors_lead_staff_home_and_people_to_their_choices(
    bruno: Client, auditor: Client, cafe: Firm
) -> None:
    for client, path, status in (
        (bruno, "/admin/consent/apikey/999999/change/", 404),
        (auditor, reverse("admin:consent_apikey_add"), 403),
    ):
        answer = client.get(path)
        assert answer.status_code == status
        assert 'href="/admin/">To the first page for staff' in answer.content.decode()
    answer = bruno.get("/r/nobody-has-this/")
    assert "See, change or stop what you agreed to" in answer.content.decode()
    assert "/admin/" not in answer.content.decode()
