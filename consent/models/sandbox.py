"""The other side of the sandbox: what lies on its phones, sealed."""

from django.db import models


class SandboxMessage(models.Model):
    """What lies on a sandbox phone: a message, a call, or how the phone is set."""

    sid = models.CharField(max_length=80, primary_key=True)
    phone = models.BinaryField(max_length=32, db_index=True)  # keyed hash of the phone's number
    sealed = models.BinaryField()  # {"kind", "channel", "number", "sender", "wire", ...}
    created_at = models.DateTimeField(db_index=True)
    due_at = models.DateTimeField(null=True, db_index=True)  # when the network does the next thing with it
