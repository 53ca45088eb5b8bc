"""Deciding on a checkpoint: cosigned if it continues the last one, and never else (C2SP tlog-witness)."""

import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus

from consent.log import add_checkpoint, checkpoint, merkle, note
from consent.log.cosignature import Cosigner
from consent.witness.memory import Latest, Memory

TEXT = "text/plain; charset=utf-8"
CLOCK_MAY_SLIP = 60  # seconds


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: HTTPStatus
    body: str
    content_type: str = TEXT


class Refusal(Exception):
    """A request that is not granted, with the answer to it."""

    def __init__(self, status: HTTPStatus, body: str, content_type: str = TEXT) -> None:
        super().__init__(body)
        self.reply = Reply(status, body, content_type)


class Witness:
    """A witness: its key, its memory, and the logs it witnesses, each with all of its keys, by origin."""

    def __init__(
        self,
        cosigner: Cosigner,
        memory: Memory,
        logs: Mapping[str, Sequence[note.Verifier]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cosigner = cosigner
        self._memory = memory
        self._logs = logs
        self._clock = clock

    def cosign(self, body: bytes) -> Reply:
        """Answer a log that wants its checkpoint cosigned."""
        try:
            request = add_checkpoint.parse(body.decode())
        except (add_checkpoint.Malformed, UnicodeDecodeError) as error:
            return Reply(HTTPStatus.BAD_REQUEST, f"{error}\n")
        try:
            asked, signed = self._verified(request.checkpoint)
            if request.old > asked.size:
                raise Refusal(HTTPStatus.BAD_REQUEST, "The old size is larger than the checkpoint's.\n")
            return self._decide(request, asked, signed)
        except Refusal as refusal:
            return refusal.reply

    def latest(self, log: str) -> Reply:
        """The latest checkpoint cosigned of the log whose origin has this hash."""
        latest = self._memory.latest(log)
        if latest is None:
            return Reply(HTTPStatus.NOT_FOUND, "No checkpoint of this log was cosigned here.\n")
        return Reply(HTTPStatus.OK, latest.note)

    def _verified(self, submitted: str) -> tuple[checkpoint.Checkpoint, str]:
        """The checkpoint in a note that its log signed, and the note with nothing but what was verified."""
        text, lines = note.split(submitted)
        keys = self._logs.get(text.partition("\n")[0])
        if keys is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "This log is not witnessed here.\n")
        try:
            _text, signatures = note.verify(submitted, verifiers=keys)
        except note.NoteInvalid as error:
            raise Refusal(HTTPStatus.FORBIDDEN, f"{error}\n") from error
        try:
            asked = checkpoint.parse(text)
        except checkpoint.EmptyRootWrong as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}\n") from error
        except note.NoteInvalid as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{error}\n") from error
        verified = {(each.verifier.name, each.verifier.key_id) for each in signatures}
        first: dict[tuple[str, bytes], str] = {}
        for name, blob in lines:
            if (name, blob[:4]) in verified:
                first.setdefault((name, blob[:4]), f"— {name} {b64encode(blob).decode('ascii')}\n")
        return asked, f"{text}\n" + "".join(first.values())

    def _decide(
        self, request: add_checkpoint.AddCheckpoint, asked: checkpoint.Checkpoint, signed: str
    ) -> Reply:
        with self._memory.deciding(sha256(asked.origin.encode()).hexdigest()) as decision:
            latest = decision.latest
            if request.old != latest.size:
                raise Refusal(HTTPStatus.CONFLICT, f"{latest.size}\n", add_checkpoint.SIZE_TYPE)
            now = self._now(latest)
            try:
                merkle.verify_consistency(
                    old_size=latest.size,
                    old_root=latest.root,
                    size=asked.size,
                    root=asked.root,
                    proof=request.proof,
                )
            except merkle.ProofInvalid as error:
                decision.keep_contradiction(str(request), time=now)
                return Reply(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}\n")
            line = f"{self._cosigner.cosign(str(asked), time=now)}\n"
            decision.keep(Latest(asked.size, asked.root, now, signed + line))
        return Reply(HTTPStatus.OK, line)

    def _now(self, latest: Latest) -> int:
        """The time of this cosignature, which is never before the last one's."""
        now = int(self._clock())
        if now < latest.time - CLOCK_MAY_SLIP:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The clock of this witness went back; ask later.\n")
        return max(now, latest.time)
