"""The other side of the sandbox: what lies on its phones, sealed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company, Sender


class SandboxMessage(models.Model):
    """What lies on a sandbox phone: a message, a call, or how the phone is set."""

    sid = models.CharField(max_length=80, primary_key=True)
    phone = models.BinaryField(max_length=32, db_index=True)  # keyed hash of the phone's number
    sealed = models.BinaryField()  # {"kind", "channel", "number", "sender", "wire", ...}
    created_at = models.DateTimeField(db_index=True)
    due_at = models.DateTimeField(null=True, db_index=True)  # when the network does the next thing with it


class SandboxJump(models.Model):
    """That time was let pass in a company's sandbox: since `at` (real) its numbers' clock is further ahead by `by`."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.DurationField()

    class Meta:
        verbose_name = _("time let pass in the sandbox")


class SandboxPress(models.Model):
    """What the people of the sandbox did about a number, by its own clock: more of them block, or fewer."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    weight = models.SmallIntegerField()

    class Meta:
        verbose_name = _("what the sandbox's people did")
