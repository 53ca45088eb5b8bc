"""Whatever one company's people send, wherever they may send it, nothing of another one changes or is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F, ForeignKey, Model
from django.test import Client
from django.urls import reverse

from consent.admin import groups, scope
from consent.models import AuditFinding, AuditItem, AuditSample, Company, ContactPoint, Poster
from tests import html_forms
from tests.admin.test_scope import ADDRESSES, ROWS, address, row_addresses
from tests.staff import CANARY, Firm, signed_in, user

pytestmark = [pytest.mark.once, pytest.mark.slow]

# What an auditor writes.
AUDITS = (AuditSample, AuditItem, AuditFinding)
OTHERS = (403, 404)  # an auditor is refused before anything is looked for


def belongings(company: Company, *, but: tuple[type[Model], ...] = ()) -> dict[type[Model], list[Any]]:
    """Every row of a company, as it stands."""
    return {
        model: list(model._default_manager.filter(**{path: company.pk}).order_by("pk").values())
        for model, path in scope.PATHS.items()
        if model not in but
    }


def keys(model: type[Model]) -> Iterator[ForeignKey[Any, Any]]:
    """The foreign keys of a model that lead to something of a company."""
    for field in model._meta.get_fields():
        if isinstance(field, ForeignKey) and field.related_model in scope.PATHS:
            yield field


def mixtures() -> list[str]:
    """The foreign keys that lead from a row of one company to one of another."""
    found = []
    for model, path in scope.PATHS.items():
        for key in keys(model):
            there = f"{key.name}__{scope.PATHS[key.related_model]}"
            if path != there and model._default_manager.exclude(**{key.name: None}).exclude(
                **{path: F(there)}
            ):
                found.append(f"{model.__name__}.{key.name}")
    return found


def foreign(firm: Firm) -> dict[str, str]:
    """For each name of a field that chooses a row, the key of such a row of a company."""
    chosen = {"subject": str(firm.said.subject), "person": str(firm.said.subject)}
    for model in scope.PATHS:
        for key in keys(model):
            target = key.related_model
            row = target._default_manager.filter(**{scope.PATHS[target]: firm.company.pk}).first()
            if row is not None:
                chosen[key.name] = str(row.pk)
    return chosen


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def everything(cafe: Firm) -> Client:
    """Works for Café Aurora and may do there all that a group allows."""
    every = Group.objects.exclude(name=groups.AUDITOR).values_list("name", flat=True)
    return signed_in(user("dora", *every, company=cafe.company))


@pytest.fixture
def theirs(bakery: Firm, clara: Client) -> Firm:
    """Padaria Horizonte with a row of every kind."""
    for of in ROWS.values():
        of(bakery)
    Poster.objects.create(point=bakery.aurora.point, name=f"Window {CANARY}")
    return bakery


def forms(client: Client, firm: Firm) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """All that the pages of a company's rows, and those that make new ones, can send."""
    paths = [address(name, firm) for name in row_addresses()]
    paths += [reverse(f"admin:{name}") for name in ADDRESSES if name.endswith(("_add", "_letter", "_find"))]
    seen = set()
    for path in paths:
        page = client.get(path)
        if page.status_code != 200 or not page.get("Content-Type", "").startswith("text/html"):
            continue
        for form in html_forms.of(page):
            for place in form.addresses:
                if (place, tuple(form.fields)) not in seen and place.startswith("/admin/consent/"):
                    seen.add((place, tuple(form.fields)))
                    yield place, form.fields


def swaps(client: Client, cafe: Firm, other: Firm) -> Iterator[tuple[str, str, Any]]:
    """What answers when one choice after another names a row of another company; each is undone afterwards."""
    others = foreign(other)
    for path, fields in list(forms(client, cafe)):
        for name in fields:
            kind = name.rpartition("-")[2]
            if kind in others:
                with undone():
                    sent = {**fields, name: others[kind]}
                    yield path, kind, client.post(path, sent, follow=True)


def test_what_ones_own_pages_send_reaches_nothing_of_another_company(
    everything: Client, cafe: Firm, theirs: Firm
) -> None:
    before, tried = belongings(theirs.company), set()
    for path, kind, answer in swaps(everything, cafe, theirs):
        tried.add(kind)
        assert answer.status_code < 500, (path, kind)
        assert CANARY not in answer.content.decode(), (path, kind)
        assert belongings(theirs.company) == before, (path, kind)
    assert {"company", "notice", "sender", "point", "purpose", "voice", "version"} <= tried


def test_whoever_works_for_two_companies_cannot_mix_them(cafe: Firm, theirs: Firm) -> None:
    both = user("both", "Staff", "Opens personal data", company=cafe.company)
    both.memberships.create(company=theirs.company)
    mixed = set()
    for path, kind, answer in swaps(signed_in(both), cafe, theirs):
        assert answer.status_code < 500, (path, kind)
        mixed |= {(path, kind, mixture) for mixture in mixtures()}
    assert not mixed


def test_what_another_companys_pages_send_is_of_no_use_to_anybody_else(
    everything: Client, auditor: Client, clara: Client, cafe: Firm, theirs: Firm
) -> None:
    sent = [one for one in forms(clara, theirs) if not one[0].endswith(("/add/", "/letter/", "/find/"))]
    before = belongings(theirs.company)
    assert len(sent) > 30
    for path, fields in sent:
        for client in (everything, auditor):
            with undone():
                answer = client.post(path, fields)
                assert answer.status_code in OTHERS, path
                assert CANARY not in answer.content.decode(), path
    assert belongings(theirs.company) == before


def test_an_auditor_changes_nothing_whatever_they_send(
    everything: Client, auditor: Client, cafe: Firm
) -> None:
    sent = list(forms(everything, cafe))
    before = belongings(cafe.company, but=AUDITS)
    assert len(sent) > 30
    for path, fields in sent:
        with undone():
            answer = auditor.post(path, fields)
            assert answer.status_code < 500, path
            assert belongings(cafe.company, but=AUDITS) == before, path


def test_no_action_of_a_list_reaches_a_row_of_another_company(
    everything: Client, cafe: Firm, theirs: Firm
) -> None:
    before, tried = belongings(theirs.company), 0
    for model, page in admin.site._registry.items():
        if model not in scope.PATHS or model is Company:
            continue
        own = [row.pk for row in model._default_manager.filter(**{scope.PATHS[model]: theirs.company.pk})]
        request = everything.get("/admin/").wsgi_request
        for action in page.get_actions(request):
            tried += 1
            sent = {"action": action, "_selected_action": own, "select_across": "1", "index": "0"}
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            assert everything.post(reverse(name), sent, follow=True).status_code == 200
            assert belongings(theirs.company) == before, action
    assert tried >= 2


def test_searches_filters_and_orders_find_nothing_of_another_company(
    everything: Client, cafe: Firm, theirs: Firm
) -> None:
    others = foreign(theirs)
    for model in admin.site._registry:
        path = scope.PATHS.get(model)
        if path is None or model.__name__ == "NoticeVersion":
            continue
        asked = [{"q": "horizonte"}, {"o": "1.-2"}, {"pk__in": "1,2,3,4,5,6,7,8,9"}]
        asked += [{f"{key.name}__{by}": others[key.name]} for key in keys(model) for by in ("exact", "pk__exact")
                  if key.name in others]  # fmt: skip
        asked += [
            {f"{key.name}__{part}__startswith": "H"} for key in keys(model) for part in ("name", "slug")
        ]
        for query in asked:
            answer = everything.get(reverse(f"admin:consent_{model._meta.model_name}_changelist"), query)
            assert answer.status_code in (200, 302, 400), (model, query)
            if answer.status_code == 200:
                page = answer.context_data.get("cl")  # one of them is no list of rows
                found = page.queryset.values_list(path, flat=True) if page else ()
                assert set(found) <= {cafe.company.pk}, (model, query)
                assert CANARY not in answer.content.decode(), (model, query)


def test_no_list_is_searched_through_a_user(everything: Client, cafe: Firm) -> None:
    request = everything.get("/admin/").wsgi_request
    for model, page in admin.site._registry.items():
        for key in model._meta.get_fields():
            if model in scope.PATHS and isinstance(key, ForeignKey) and key.related_model is User:
                for lookup in ("password__startswith", "memberships__company__slug", "email"):
                    assert not page.lookup_allowed(f"{key.name}__{lookup}", "x", request), (model, lookup)


def test_a_part_of_an_address_that_is_another_companys_is_none(
    everything: Client, cafe: Firm, theirs: Firm
) -> None:
    part, point = ContactPoint.objects.get(subject=theirs.said.subject), cafe.aurora.point
    poster = Poster.objects.get(point=theirs.aurora.point)
    assert (
        everything.get(reverse("admin:consent_person_part", args=[cafe.said.subject, part.pk])).status_code
        == 404
    )
    qr = reverse("admin:consent_capturepoint_qr_svg", args=[point.pk])
    assert everything.get(qr, {"p": poster.code}).status_code == 404
    for name, query in (
        ("preview", {"point": theirs.aurora.point.pk}),
        ("compare", {"with": theirs.draft.pk}),
    ):
        answer = everything.get(reverse(f"admin:consent_noticeversion_{name}", args=[cafe.draft.pk]), query)
        assert answer.status_code == 200
        assert CANARY not in answer.content.decode()


def test_no_row_has_a_way_round_its_page(everything: Client, cafe: Firm, theirs: Firm) -> None:
    for model, path in scope.PATHS.items():
        kind = ContentType.objects.get_for_model(model).pk
        for row in model._default_manager.filter(**{path: theirs.company.pk}):
            assert everything.get(reverse("admin:view_on_site", args=[kind, row.pk])).status_code == 404
