"""Every address of the admin, asked by every role: what belongs to another company does not exist."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from consent import rights, vault
from consent.admin import scope
from consent.audits import drawing
from consent.models import (
    AuditSample,
    CapturePoint,
    Checkpoint,
    ConsentRecord,
    ContactPoint,
    DecisionCount,
    EvidenceFile,
    ExportSchedule,
    Hold,
    Import,
    Kiosk,
    LogEntry,
    MessageTemplate,
    Opening,
    PaperPage,
    RightsRequest,
    Subscription,
)
from tests import cast, sheets
from tests.imports import lists
from tests.kiosk import Tablet
from tests.relay import receivers
from tests.staff import CANARY, Firm, signed_in, user


def names(patterns: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every named address below some patterns, with the arguments it takes."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, tuple(pattern.pattern.converters)


ADDRESSES = dict(names(admin.site.get_urls()))
OPEN_TO_ALL = {"login", "language", "logout"}
STAFF_ONLY = {
    "index",
    "password_change",
    "password_change_done",
    "jsi18n",
    "app_list",
    "autocomplete",
    "consent_password_again",
}
SUPERUSERS_ONLY = ("auth_", "axes_")
# Addresses of no single row: whoever may read that kind of thing may open them.
LISTS = ("_changelist", "_add", "_find", "_letter", "_next", "_audience", "_export")

# The row an address speaks of, by the beginning of its name.
ROWS: dict[str, Callable[[Firm], Any]] = {
    "consent_company": lambda firm: firm.company.pk,
    "consent_sender": lambda firm: firm.aurora.sender.pk,
    "consent_messagetemplate": lambda firm: template(firm).pk,
    "consent_purpose": lambda firm: firm.aurora.purposes["novidades"].pk,
    "consent_capturepoint": lambda firm: firm.aurora.point.pk,
    "consent_noticeversion": lambda firm: firm.draft.pk,
    "consent_notice": lambda firm: firm.aurora.point.notice_id,
    "consent_consentrecord": lambda firm: record(firm),
    "consent_person": lambda firm: firm.said.subject,
    "consent_outboundmessage": lambda firm: firm.message.pk,
    "consent_inboundmessage": lambda firm: firm.inbound.pk,
    "consent_import": lambda firm: brought(firm).pk,
    "consent_subscription": lambda firm: subscriber(firm).pk,
    "consent_exportschedule": lambda firm: scheduled(firm).pk,
    "consent_hold": lambda firm: held(firm).pk,
    "consent_rightsrequest": lambda firm: asked(firm).pk,
    "consent_opening": lambda firm: opening(firm),
    "consent_logentry": lambda firm: LogEntry.objects.get(id=firm.said.records[0]).pk,
    "consent_apikey": lambda firm: firm.key.pk,
    "consent_auditsample": lambda firm: audit_sample(firm).pk,
    "consent_paperbatch": lambda firm: sheet(firm).batch_id,
    "consent_paperfile": lambda firm: sheet(firm).file_id,
    "consent_paperpage": lambda firm: sheet(firm).pk,
    "consent_kiosk": lambda firm: kiosk(firm).pk,
    "consent_decisioncount": lambda firm: decided(firm).pk,
    "consent_evidence_file": lambda firm: evidence_file(firm).pk,
    "consent_auditsample_item": lambda firm: audit_sample(firm).items.get().pk,
}
PUBLIC_ROWS = ("consent_checkpoint",)  # checkpoints are published for anybody


def record(firm: Firm) -> int:
    return ConsentRecord.objects.get(uid=firm.said.records[0]).pk


def opening(firm: Firm) -> int:
    made, _new = Opening.objects.get_or_create(
        user=User.objects.order_by("pk")[0],
        company=firm.company,
        subject=firm.said.subject,
        act=firm.said.act,
    )
    return int(made.pk)


def template(firm: Firm) -> MessageTemplate:
    made, _new = MessageTemplate.objects.get_or_create(
        sender=firm.company.senders.filter(channel="whatsapp").order_by("pk")[0],
        point=firm.aurora.point,
        language="en",
        defaults={"name": "confirm", "body": "{company}"},
    )
    return made


def held(firm: Firm) -> Hold:
    made = Hold.objects.filter(company=firm.company).first()
    if made is None:
        cast.writes(firm.aurora, "isso é spam")
    return made or Hold.objects.get(company=firm.company)


def asked(firm: Firm) -> RightsRequest:
    made = RightsRequest.objects.filter(company=firm.company).first()
    return made or rights.ask(
        firm.company, firm.said.subject, "sharing", possession="code", language="en", at=timezone.now()
    )


def brought(firm: Firm) -> Import:
    made = Import.objects.filter(company=firm.company).first()
    return made or lists.bring(
        firm.aurora, f"tel,{CANARY if firm.company.slug == 'horizonte' else 'x'}\n1,2\n"
    )


def scheduled(firm: Firm) -> ExportSchedule:
    made = ExportSchedule.objects.filter(company=firm.company).first()
    return made or ExportSchedule.objects.create(
        company=firm.company, entity="staff:1", due_at=timezone.now()
    )


def subscriber(firm: Firm) -> Subscription:
    made = Subscription.objects.filter(company=firm.company).first()
    return made or receivers.subscribed(firm.aurora, "https://example.com/")


def audit_sample(firm: Firm) -> AuditSample:
    made = AuditSample.objects.filter(company=firm.company).first()
    return made or drawing.draw(
        firm.company, first_day=date(2000, 1, 1), last_day=date(2100, 1, 1), asked=1, seed="seed",
        user=User.objects.order_by("pk")[0].pk, at=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip


def decided(firm: Firm) -> DecisionCount:
    made, _new = DecisionCount.objects.get_or_create(
        company=firm.company, day=date(2026, 1, 1), channel="sms", reason="given"
    )
    return made


def evidence_file(firm: Firm) -> EvidenceFile:
    made = EvidenceFile.objects.filter(act=firm.said.act).first()
    return made or EvidenceFile.objects.create(
        id=vault.new_id(), act=firm.said.act, subject=firm.said.subject, name="scan.png",
        media_type="image/png", sealed=b"",
    )  # fmt: skip


def kiosk(firm: Firm) -> Kiosk:
    made = Kiosk.objects.filter(point=firm.aurora.point).first()
    return made or Tablet.of(firm.aurora).kiosk


def sheet(firm: Firm) -> PaperPage:
    made = PaperPage.objects.filter(batch__company=firm.company).first()
    return made or sheets.draft(sheets.batch(firm.aurora))


def row_addresses() -> list[str]:
    return [
        name for name, arguments in ADDRESSES.items()
        if arguments and name not in STAFF_ONLY | OPEN_TO_ALL
        and not name.startswith((*SUPERUSERS_ONLY, *PUBLIC_ROWS)) and name != "view_on_site"
    ]  # fmt: skip


def address(name: str, firm: Firm) -> str:
    """Where an address leads for a company's row. Fails for an address that nobody listed."""
    prefixes = [prefix for prefix in ROWS if name.startswith(prefix)]
    assert prefixes, f"{name} is a new address: say in ROWS whose row it is"
    pk = ROWS[max(prefixes, key=len)](firm)
    arguments = ADDRESSES[name]
    if name == "consent_person_part":
        return reverse(f"admin:{name}", args=[pk, ContactPoint.objects.get(subject=pk).pk])
    return reverse(f"admin:{name}", args=[pk, "es"] if "language" in arguments else [pk])


def answers(name: str) -> set[int]:
    """How an address answers somebody who may see its row; deleting is refused but for drafts and texts."""
    deleted_here = ("consent_noticeversion_delete", "consent_messagetemplate_delete")
    if name.endswith("_delete") and name not in deleted_here:
        return {403}
    return {200, 302, 405}


def pages() -> list[str]:
    """The addresses of no single row."""
    return [name for name, arguments in ADDRESSES.items() if not arguments and name not in OPEN_TO_ALL]


def page_address(name: str) -> str:
    return "/admin/consent/" if name == "app_list" else reverse(f"admin:{name}")


def not_theirs(name: str) -> bool:
    """Whether staff may not add such a thing at all."""
    made_here = (
        "sender",
        "messagetemplate",
        "purpose",
        "capturepoint",
        "notice",
        "apikey",
        "paperbatch",
        "kiosk",
        "import",
        "exportschedule",
        "subscription",
    )
    return name.endswith("_add") and name not in {f"consent_{model}_add" for model in made_here}


def test_every_address_is_accounted_for() -> None:
    listed = {name for name in ADDRESSES if name.startswith(tuple(ROWS)) or name.endswith(LISTS)}
    others = {name for name in ADDRESSES if name.startswith((*SUPERUSERS_ONLY, *PUBLIC_ROWS))}
    assert set(ADDRESSES) == listed | others | OPEN_TO_ALL | STAFF_ONLY | {"view_on_site"}


def test_a_row_of_another_company_does_not_exist(bruno: Client, bakery: Firm) -> None:
    for name in row_addresses():
        path = address(name, bakery)
        assert bruno.post(path).status_code == 404, name
        assert bruno.get(path).status_code in {404, 405}, name


def test_a_row_of_ones_own_company_is_there(clara: Client, bakery: Firm) -> None:
    for name in row_addresses():
        assert clara.get(address(name, bakery)).status_code in answers(name), name


def test_no_address_ends_in_an_empty_page(clara: Client, bakery: Firm) -> None:
    for name in row_addresses():
        answer = clara.get(address(name, bakery))
        if answer.status_code != 405:
            continue
        back = re.search(r'class="button" href="([^"]+)"', answer.content.decode())
        assert back, name
        assert clara.get(back[1], follow=True).status_code == 200, name


def test_a_superuser_sees_every_row(root: Client, bakery: Firm) -> None:
    for name in row_addresses():
        assert root.get(address(name, bakery)).status_code in answers(name), name


def test_without_a_group_nothing_opens(nobody: Client, cafe: Firm) -> None:
    for name in row_addresses():
        path = address(name, cafe)
        assert nobody.post(path).status_code == 403, name
        assert nobody.get(path).status_code in {403, 405}, name


def test_a_stranger_is_sent_to_sign_in(cafe: Firm, root: Client) -> None:
    for name in row_addresses():
        answer = Client().get(address(name, cafe))
        assert answer.status_code == 302, name
        assert answer["Location"].startswith("/admin/login/?next=/admin/"), name


def test_pages_and_lists_name_nothing_of_another_company(bruno: Client, cafe: Firm, bakery: Firm) -> None:
    for name in pages():
        answer = bruno.get(page_address(name), follow=True)
        assert CANARY not in answer.content.decode(), name
        refused = name.startswith(SUPERUSERS_ONLY) or name == "autocomplete" or not_theirs(name)
        assert answer.status_code == (403 if refused else 200), name


def test_accounts_are_for_superusers_whatever_permissions_say(root: Client, cafe: Firm) -> None:
    eager = user("eager", company=cafe.company)
    eager.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["auth", "axes"]))
    client = signed_in(eager)
    for name in pages():
        if name.startswith(SUPERUSERS_ONLY):
            assert client.get(page_address(name)).status_code == 403, name
            assert root.get(page_address(name)).status_code in {
                200,
                403 if name.startswith("axes_") else 200,
            }, name


def test_pages_of_ones_own_rows_offer_nothing_of_another_company(
    bruno: Client, cafe: Firm, bakery: Firm
) -> None:
    for name in row_addresses():
        if name.endswith(("_change", "_person", "_preview")):
            answer = bruno.get(address(name, cafe))
            assert answer.status_code == 200, name
            assert CANARY not in answer.content.decode(), name


def test_lists_show_what_is_ones_own(bruno: Client, clara: Client, cafe: Firm, bakery: Firm) -> None:
    path = reverse("admin:consent_capturepoint_changelist")
    assert "News from Café Aurora" in bruno.get(path).content.decode()
    assert f"Point {CANARY}" in clara.get(path).content.decode()


@pytest.mark.parametrize("field", ["notice", "sender", "company"])
def test_autocomplete_tells_nothing_of_another_company(
    field: str, bruno: Client, cafe: Firm, bakery: Firm
) -> None:
    query = {"app_label": "consent", "model_name": "capturepoint", "field_name": field, "term": ""}
    answer = bruno.get(reverse("admin:autocomplete"), query)
    assert answer.status_code == 200
    assert CANARY.lower() not in answer.content.decode().lower()
    assert "+551140028999" not in answer.content.decode()


@pytest.mark.parametrize("by", ["company__id__exact", "company__slug", "notice__notice__company"])
def test_a_filter_by_another_company_finds_nothing_of_it(
    by: str, bruno: Client, cafe: Firm, bakery: Firm
) -> None:
    value = bakery.company.slug if by.endswith("slug") else bakery.company.pk
    answer = bruno.get(reverse("admin:consent_consentrecord_changelist"), {by: value})
    found = answer.context_data["cl"].queryset if answer.status_code == 200 else []
    assert {row.company_id for row in found} <= {cafe.company.pk}


def test_a_lookup_through_other_tables_is_refused(bruno: Client) -> None:
    path = reverse("admin:consent_consentrecord_changelist")
    answer = bruno.get(path, {"point__company__memberships__user__password__startswith": "m"})
    assert answer.status_code == 400


def test_a_point_of_ones_own_cannot_take_parts_of_another_company(
    bruno: Client, cafe: Firm, bakery: Firm
) -> None:
    point = cafe.aurora.point
    form = point_form(point, notice=bakery.aurora.point.notice_id, sender=bakery.aurora.sender.pk)
    form["offers-0-purpose"] = bakery.aurora.purposes["novidades"].pk
    answer = bruno.post(reverse("admin:consent_capturepoint_change", args=[point.pk]), form)
    assert answer.status_code == 200
    assert answer.content.decode().count("Select a valid choice") == 3


@pytest.mark.parametrize("model", ["consentrecord", "outboundmessage", "sender"])
def test_a_filter_that_no_database_takes_is_no_failure_of_ours(bruno: Client, cafe: Firm, model: str) -> None:
    name = "channel" if model != "outboundmessage" else "state"
    assert bruno.get(f"/admin/consent/{model}/", {name: "\0"}).status_code in (200, 302, 400)


def test_even_a_superuser_cannot_mix_companies(root: Client, cafe: Firm, bakery: Firm) -> None:
    form = point_form(cafe.aurora.point, notice=bakery.aurora.point.notice_id, sender=bakery.aurora.sender.pk)
    form |= {
        "company": cafe.company.pk,
        "slug": "mixed",
        "offers-0-purpose": bakery.aurora.purposes["novidades"].pk,
    }
    answer = root.post(reverse("admin:consent_capturepoint_add"), form)
    text = answer.content.decode()
    assert text.count("Choose one of the same company.") == 2
    assert text.count("Choose a purpose of the same company.") == 1
    assert not CapturePoint.objects.filter(slug="mixed").exists()


def test_whoever_works_for_no_company_sees_an_empty_house(cafe: Firm, db: None) -> None:
    client = signed_in(user("newcomer", "Staff"))
    assert "You do not work for any company here yet." in client.get("/admin/").content.decode()
    assert client.get(reverse("admin:consent_company_change", args=[cafe.company.pk])).status_code == 404


def test_the_pages_of_an_app_are_listed_at_home(bruno: Client, nobody: Client) -> None:
    assert bruno.get("/admin/consent/")["Location"] == "/admin/"
    assert nobody.get("/admin/consent/").status_code == 404


def test_a_model_nobody_thought_of_shows_nothing_to_staff(bruno: Client, cafe: Firm) -> None:
    request = bruno.get("/admin/").wsgi_request
    assert not scope.within(Checkpoint.objects.all(), request).exists()
    assert Checkpoint.objects.exists()


def point_form(point: CapturePoint, **changes: Any) -> dict[str, Any]:
    """What the browser posts for a capture point with one new box."""
    return {
        "title_en": "A", "title_es": "B", "title_pt_br": "C", "is_open": "on", "notice": point.notice_id,
        "sender": point.sender_id, "languages": ["en", "pt-BR"], "confirmation": "reply",
        "offers-TOTAL_FORMS": 1, "offers-INITIAL_FORMS": 0, "offers-MIN_NUM_FORMS": 0,
        "offers-MAX_NUM_FORMS": 1000, "offers-0-channel": "voice", "offers-0-position": 9, "offers-0-point": point.pk,
        "offers-0-purpose": point.offers.all()[0].purpose_id,
        "posters-TOTAL_FORMS": 0, "posters-INITIAL_FORMS": 0, **changes,
    }  # fmt: skip


def test_no_page_fails_where_a_key_is_lost(root: Client, bakery: Firm, settings: Any) -> None:
    """It shows what it can, or says what to do: whoever is to mend it needs the pages."""
    paths = {name: address(name, bakery) for name in row_addresses()}
    paths |= {name: page_address(name) for name in pages()}
    settings.OPTIN_KEYRING = replace(settings.OPTIN_KEYRING, keys={9: b"k" * 32})
    shut = {}
    for name, path in paths.items():
        answer = root.get(path)
        if answer.status_code >= 500:
            assert "OPTIN_KEYRING" in answer.content.decode(), name
            shut[name] = answer.status_code
    assert set(shut.values()) == {503}
    assert not {"index", "consent_subscription_change", "consent_import_change"} & shut.keys(), (
        "here it is mended"
    )
    assert not {name for name in shut if name.endswith("_changelist")}
