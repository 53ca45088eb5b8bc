"""Recomputing the whole log from its stored bytes, and naming the first place where something is wrong."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched, pairwise, zip_longest

from django.db.models import OuterRef, Subquery

from consent.log import checkpoint, counted, eras, merkle, note, tiles
from consent.models.log import Checkpoint, Cosignature, LogHead, LogTile

CHUNK = 64 * tiles.WIDTH  # leaves hashed before their tiles are compared
PAGE = 1000  # checkpoints read at once


class LogBroken(Exception):
    """Something in the log is not as it was signed; `index` is the first entry that it touches."""

    def __init__(self, index: int, what: str) -> None:
        super().__init__(f"At entry {index}: {what}")
        self.index = index
        self.what = what


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that is as it was signed."""

    size: int
    root: bytes
    checkpoints: int


def verify(entries: Iterable[tuple[int, bytes]], *, logs: tuple[note.Verifier, ...]) -> Verified:
    """Check entries (index and bytes, in order), tiles, head and every checkpoint. Raises LogBroken.

    One of `logs`, the keys that are trusted, must sign the log as it is now. What signed it before is what
    the log itself says, in the entries that announce its eras.
    """
    grown = tiles.Growth(0, merkle.EMPTY_ROOT, {}, {})
    all_eras = _trusted(logs)
    announcements, signed = _Announcements(all_eras), _Checkpoints(all_eras, logs)
    for chunk in batched(entries, CHUNK, strict=False):
        leaves = list(_leaf_hashes(grown.size, chunk, announcements))
        while leaves:
            reach = min(signed.next_size - grown.size, len(leaves)) if signed.next_size else len(leaves)
            grown = tiles.grow(grown.size, grown.edge, leaves[:reach])
            leaves = leaves[reach:]
            _compare_full_tiles(grown)
            signed.compare(grown)
    _compare_edge(grown)
    _compare_extent(grown)
    _compare_head(grown)
    announcements.finish(grown.size)
    signed.finish(grown)
    return Verified(grown.size, grown.root, signed.count)


def check_cosignatures() -> None:
    """Raise LogBroken where what we keep of a witness is not its cosignature of our checkpoint.

    Apart from `verify`, because the log itself is none the worse for it: the witness has its own.
    """
    notes = Checkpoint.objects.filter(size=OuterRef("size")).values("note")
    rows = Cosignature.objects.annotate(note=Subquery(notes)).order_by("size", "pk")
    for row in rows.iterator(chunk_size=PAGE):
        try:
            verifier = note.Verifier.parse(row.witness)
            _text, (signature,) = note.verify(f"{row.note or ''}{row.line}\n", verifiers=[verifier])
        except note.NoteInvalid as error:
            raise LogBroken(
                row.size - 1, f"a cosignature of {row.size} entries was changed: {error}"
            ) from error
        if signature.time != row.cosigned_at.timestamp():
            raise LogBroken(
                row.size - 1, f"a cosignature of {row.size} entries says another time than its row."
            )


def _trusted(logs: tuple[note.Verifier, ...]) -> tuple[eras.Era, ...]:
    """The eras of the log, the last of which is signed by a key that is trusted."""
    try:
        all_eras = eras.read()
    except note.NoteInvalid as error:
        raise LogBroken(0, f"the keys of an era are not as they were written: {error}") from error
    if all_eras[0].start != 0:
        raise LogBroken(0, "the era that the log began with is missing.")
    if not set(logs) & set(all_eras[-1].keys):
        raise LogBroken(
            max(all_eras[-1].start - 1, 0), "the log is signed by keys that are not trusted here."
        )
    return all_eras


def _leaf_hashes(
    start: int, chunk: Iterable[tuple[int, bytes]], announcements: "_Announcements"
) -> Iterator[bytes]:
    for expected, (index, data) in enumerate(chunk, start):
        if index != expected:
            raise LogBroken(expected, f"the entry is missing; the next one there is {index}.")
        announcements.compare(index, data)
        yield merkle.leaf_hash(data)


def _compare_full_tiles(grown: tiles.Growth) -> None:
    full = {
        place: hashes for place, hashes in grown.tiles.items() if len(hashes) == tiles.WIDTH * merkle.HASH
    }
    for level in sorted({level for level, _index in full}):
        indices = [index for at, index in full if at == level]
        rows = LogTile.objects.filter(level=level, index__gte=min(indices), index__lte=max(indices))
        stored = {index: bytes(hashes) for index, hashes in rows.values_list("index", "hashes")}
        for index in indices:
            _compare_tile(level, index, full[level, index], stored.get(index))


def _compare_edge(grown: tiles.Growth) -> None:
    """Compare the tiles at the right edge, as far as they are grown: the stored ones may be wider."""
    for level, index, width in tiles.partial_tiles(grown.size):
        stored = LogTile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
        _compare_tile(level, index, grown.edge[level], bytes(stored or b"")[: width * merkle.HASH])


def _compare_extent(grown: tiles.Growth) -> None:
    """Nothing may be stored beyond the last entry."""
    for level, index, width in tiles.partial_tiles(grown.size):
        stored = LogTile.objects.get(level=level, index=index)
        if len(stored.hashes) != width * merkle.HASH:
            raise LogBroken(grown.size, f"tile {level}/{index} is wider than the log.")
    expected = sum(-(-(grown.size >> tiles.HEIGHT * level) // tiles.WIDTH) for level in range(8))
    if LogTile.objects.count() != expected:
        raise LogBroken(
            grown.size, f"there are tiles beyond the log: {LogTile.objects.count()}, not {expected}."
        )


def _compare_tile(level: int, index: int, computed: bytes, stored: bytes | None) -> None:
    if stored is not None and bytes(stored) == computed:
        return
    found = b"" if stored is None else bytes(stored)
    pairs = zip_longest(tiles.hashes_in(computed), tiles.hashes_in(found))
    place = next(number for number, (ours, theirs) in enumerate(pairs) if ours != theirs)
    first = (index * tiles.WIDTH + place) << tiles.HEIGHT * level
    raise LogBroken(first, f"the entry, or hash {place} of tile {level}/{index}, was changed.")


def _compare_head(grown: tiles.Growth) -> None:
    head = LogHead.objects.first()
    if head is None or head.size != grown.size:
        raise LogBroken(
            grown.size, f"the head says {head.size if head else 'nothing'}; there are {grown.size} entries."
        )
    if bytes(head.root) != grown.root:
        raise LogBroken(grown.size, "the root in the head is not that of the entries.")


def _pages() -> Iterator[Checkpoint]:
    """Every checkpoint in the order of its size, page by page: no cursor stays open where a check fails."""
    last = -1
    while page := list(Checkpoint.objects.filter(size__gt=last).order_by("size")[:PAGE]):
        yield from page
        last = page[-1].size


class _Announcements:
    """The entries that say under which name and keys the log goes on, each at its place."""

    def __init__(self, all_eras: tuple[eras.Era, ...]) -> None:
        self._expected = {
            after.start - 1: eras.announcement(before, after) for before, after in pairwise(all_eras)
        }

    def compare(self, index: int, data: bytes) -> None:
        if eras.announced(data) != self._expected.pop(index, None):
            raise LogBroken(
                index, "the entry announces other keys, or another name, than the log was signed by."
            )

    def finish(self, size: int) -> None:
        if self._expected:
            raise LogBroken(size, "the log has an era that no entry announces.")


class _Checkpoints:
    """The published checkpoints in the order of their sizes, compared as the tree grows past them."""

    def __init__(self, all_eras: tuple[eras.Era, ...], logs: tuple[note.Verifier, ...]) -> None:
        self._rows = _pages()
        self._eras = all_eras
        self._logs = logs
        self.count = 0
        self._size_before = 0
        self._next = next(self._rows, None)

    @property
    def next_size(self) -> int:
        """The size of the next checkpoint to compare; 0 when there is none."""
        return self._next.size if self._next else 0

    def compare(self, grown: tiles.Growth) -> None:
        while self._next is not None and self._next.size == grown.size:
            self._compare(self._next, grown)
            self.count += 1
            self._compare_count(self._next)
            self._size_before = self._next.size
            self._next = next(self._rows, None)

    def finish(self, grown: tiles.Growth) -> None:
        if self._next is not None:
            raise LogBroken(
                grown.size, f"a checkpoint of {self._next.size} entries was signed: entries were removed."
            )
        if grown.size and not Checkpoint.objects.filter(size=grown.size).exists():
            raise LogBroken(grown.size - 1, "no checkpoint covers the newest entries: one was removed.")

    def _compare(self, row: Checkpoint, grown: tiles.Growth) -> None:
        try:
            signed = open_signed(row.note, eras.at(self._eras, row.size))
        except note.NoteInvalid as error:
            raise LogBroken(
                row.size - 1, f"the checkpoint of {row.size} entries is not as it was signed: {error}"
            ) from error
        if signed.size != row.size or signed.root != grown.root:
            _compare_edge(grown)  # an entry that was changed is named rather than the checkpoint that tells
            raise LogBroken(
                row.size - 1,
                f"the checkpoint of {row.size} entries signs another log: its root is {_text(signed.root)}.",
            )

    def _compare_count(self, row: Checkpoint) -> None:
        keys = (*self._logs, *eras.at(self._eras, row.size).keys)
        try:
            counted.check(row.counted, keys, number=row.number, size=row.size, published_at=row.published_at)
        except note.NoteInvalid as error:
            raise LogBroken(row.size - 1, f"of the checkpoint of {row.size} entries: {error}") from error
        if row.number != self.count:
            raise LogBroken(
                self._size_before,
                f"a checkpoint between {self._size_before} and {row.size} entries was removed.",
            )


def open_signed(text: str, era: eras.Era) -> checkpoint.Checkpoint:
    """The checkpoint in a note that every key of its era signed: an earlier or a later one does not count."""
    body, signatures = note.verify(text, verifiers=era.keys)
    missing = set(era.keys) - {signature.verifier for signature in signatures}
    if missing:
        raise note.NoteInvalid(f"{' '.join(map(str, missing))} did not sign it.")
    signed = checkpoint.parse(body)
    if signed.origin != era.origin:
        raise note.NoteInvalid("it is of another log.")
    return signed


def _text(root: bytes) -> str:
    return b64encode(root).decode("ascii")
