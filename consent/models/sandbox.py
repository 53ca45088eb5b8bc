"""The other side of the sandbox: what the pretend provider received, sealed."""

from django.db import models


class SandboxMessage(models.Model):
    """A message on a sandbox phone: "out" came from the product, "in" was written on the phone."""

    sid = models.CharField(max_length=40, primary_key=True)
    phone = models.BinaryField(max_length=32, db_index=True)  # keyed hash of the phone's number
    sealed = models.BinaryField()  # {"phone", "sender", "body", "direction", ...}
    created_at = models.DateTimeField(db_index=True)
