"""Argentine numbers are found with the 9 of mobile numbers from abroad: those known without it, as well."""

from itertools import batched

from django.db import migrations

from consent import vault
from consent.contact import TEL, Contact


def respell(apps, schema_editor):
    """Have each lead to its person under the one spelling; where somebody has that already, to both (ADR-0008)."""
    ContactPoint = apps.get_model("consent", "ContactPoint")
    SubjectKey = apps.get_model("consent", "SubjectKey")
    ids = ContactPoint.objects.filter(scheme=TEL, ended_at=None).order_by("id").values_list("id", flat=True)
    for some in batched(list(ids), 500, strict=False):
        points = ContactPoint.objects.filter(pk__in=some)
        keys = SubjectKey.objects.filter(subject__in=points.values("subject"))
        wrapped = dict(keys.values_list("subject", "wrapped"))
        for point in points.order_by("id"):
            _respell(ContactPoint, point, bytes(wrapped.get(point.subject, b"")))


def _respell(ContactPoint, point, wrapped):
    [value] = vault.open_each([(wrapped, b"contact" + point.pk.bytes, bytes(point.sealed))])
    contact = Contact(TEL, value.decode()) if value is not None else None
    if contact is None or not contact.value.startswith("+54") or contact.value == contact.canonical:
        return
    lookup = vault.lookup(point.company, contact)
    there = ContactPoint.objects.filter(lookup=lookup, is_former=False, ended_at=None)
    is_former = point.is_former or there.exclude(pk=point.pk).exists()
    ContactPoint.objects.filter(pk=point.pk).update(lookup=lookup, is_former=is_former)


class Migration(migrations.Migration):
    dependencies = [("consent", "0048_countries_are_typed_as_people_write_them")]

    operations = [migrations.RunPython(respell, migrations.RunPython.noop)]
