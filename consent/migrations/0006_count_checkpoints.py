"""Checkpoints are counted, and the count is signed: those that are there as well, by the present key."""

from django.conf import settings
from django.db import migrations, models

from consent.log import counted, note


def count(apps, schema_editor):
    Checkpoint = apps.get_model("consent", "Checkpoint")
    if not Checkpoint.objects.exists():
        return
    with schema_editor.connection.cursor() as cursor:  # made again after every migrate
        for operation in ("update", "insert"):
            on = " ON consent_checkpoint" if schema_editor.connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS consent_checkpoint_guards_{operation}{on}")
    for number, row in enumerate(Checkpoint.objects.order_by("size"), 1):
        signer = note.Signer.from_seed(row.note.partition("\n")[0], settings.OPTIN_LOG_KEY)
        line = counted.sign(signer, number=number, size=row.size, published_at=row.published_at)
        Checkpoint.objects.filter(pk=row.pk).update(number=number, counted=line)


class Migration(migrations.Migration):
    dependencies = [("consent", "0005_auditors")]

    operations = [
        migrations.AddField("checkpoint", "number", models.PositiveBigIntegerField(default=0), preserve_default=False),
        migrations.AddField("checkpoint", "counted", models.TextField(default=""), preserve_default=False),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
