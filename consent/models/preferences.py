"""Who comes to the preference centre by number, until a day later."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Visit(models.Model):
    """Somebody typed a number there: known or not, the same row. The worker tells the number what it may."""

    class Wish(models.TextChoices):
        CODE = "code", _("a code")
        STOP = "stop", _("stop everything")

    id = models.UUIDField(primary_key=True)
    number_key = models.BinaryField(max_length=32, db_index=True)
    sealed = models.BinaryField()
    company = models.PositiveBigIntegerField(null=True)  # whose messages were stopped; None for a code
    wish = models.CharField(max_length=4, choices=Wish.choices, default=Wish.CODE)
    language = models.CharField(max_length=5)
    created_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("visit of the preference centre")
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(taken_at=None), name="visits_to_tell")
        ]
