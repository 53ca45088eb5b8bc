"""Where the transparency log lies: entries waiting and sequenced, tiles, the head, checkpoints, witnesses."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import AppendOnly, guard


class LogPending(AppendOnly):
    """An entry that is committed but has no place yet; the sequencer moves it to LogEntry."""

    id = models.UUIDField(primary_key=True)
    arrival = models.DateTimeField()
    data = models.BinaryField()

    class Meta:
        verbose_name = _("waiting log entry")
        # What left lies about until it is swept away: without this the sequencer reads through all of it each time.
        indexes = [models.Index(fields=["arrival", "id"], name="log_waiting_in_order")]


class LogEntry(AppendOnly):
    """An entry with its place in the log, for ever."""

    index = models.PositiveBigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    data = models.BinaryField()

    class Meta:
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")

    def __str__(self) -> str:
        return str(self.index)


class LogTile(models.Model):
    """256 hashes of one level of the tree, or fewer at the right edge (C2SP tlog-tiles)."""

    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        verbose_name = _("log tile")
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="one_log_tile")]


class LogHead(models.Model):
    """The one row the sequencer compares and swaps."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    size = models.PositiveBigIntegerField()
    root = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("log head")


class Checkpoint(AppendOnly):
    """A signed statement of the log's size and root (C2SP tlog-checkpoint)."""

    size = models.PositiveBigIntegerField(primary_key=True)
    note = models.TextField()
    published_at = models.DateTimeField()
    number = models.PositiveBigIntegerField()  # the first is 1; signed in `counted`, see log/counted.py
    counted = models.TextField()

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        return str(self.size)


class LogEra(AppendOnly):
    """From which size on the log's checkpoints are signed under which name and by which keys; see log/eras.py."""

    start = models.PositiveBigIntegerField(primary_key=True)
    keys = models.TextField()  # verifier keys, the oldest first, with spaces between

    class Meta:
        verbose_name = _("era of the log")
        verbose_name_plural = _("eras of the log")


class Cosignature(AppendOnly):
    """A signature line of a witness below one of our checkpoints (C2SP tlog-cosignature)."""

    size = models.PositiveBigIntegerField()
    witness = models.CharField(max_length=400)  # its verifier key
    line = models.TextField()
    cosigned_at = models.DateTimeField()  # by the clock of the witness

    class Meta:
        verbose_name = _("cosignature")
        constraints = [models.UniqueConstraint(fields=["size", "witness"], name="one_cosignature")]


class LogWitness(models.Model):
    """A witness we ask: how far it has come with us, when it is asked next, and what it holds against us."""

    vkey = models.CharField(max_length=400)
    origin = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(default=0)
    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=200, default="")
    # A checkpoint that we signed and that the log in this database does not continue; see log/guard.py.
    contradiction = models.TextField(default="")

    class Meta:
        verbose_name = _("witness of the log")
        verbose_name_plural = _("witnesses of the log")
        constraints = [models.UniqueConstraint(fields=["vkey", "origin"], name="one_log_witness")]


# A waiting entry may only leave by having been given its place with the very same bytes.
guard(
    "consent_logpending",
    delete="EXISTS (SELECT 1 FROM consent_logentry e WHERE e.id = OLD.id AND e.data = OLD.data)",
)
guard("consent_logentry")
guard("consent_checkpoint")
guard("consent_logera")
guard("consent_cosignature")
# A tile only grows to the right; a head only moves forward.
_GROWS = (
    'NEW.level = OLD.level AND NEW."index" = OLD."index" AND length(NEW.hashes) > length(OLD.hashes)'
    " AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes"
)
guard("consent_logtile", update=f"NEW.id = OLD.id AND {_GROWS}", replace=f"NEW.id IS NOT OLD.id AND {_GROWS}")
guard("consent_loghead", update="NEW.id = OLD.id AND NEW.size > OLD.size")
