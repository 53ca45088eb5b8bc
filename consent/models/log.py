"""Where the transparency log lies: entries waiting, entries sequenced, tiles, the head and checkpoints."""

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

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        return str(self.size)


# A waiting entry may only leave by having been given its place with the very same bytes.
guard(
    "consent_logpending",
    delete="EXISTS (SELECT 1 FROM consent_logentry e WHERE e.id = OLD.id AND e.data = OLD.data)",
)
guard("consent_logentry")
guard("consent_checkpoint")
# A tile only grows to the right; a head only moves forward.
_GROWS = (
    'NEW.level = OLD.level AND NEW."index" = OLD."index" AND length(NEW.hashes) > length(OLD.hashes)'
    " AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes"
)
guard("consent_logtile", update=f"NEW.id = OLD.id AND {_GROWS}", replace=f"NEW.id IS NOT OLD.id AND {_GROWS}")
guard("consent_loghead", update="NEW.id = OLD.id AND NEW.size > OLD.size")
