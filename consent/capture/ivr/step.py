"""One step of a call: the key that was pressed, and everything known about who pressed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from consent.canonical import moment
from consent.contact import Contact
from consent.models import Call, OutboundMessage, Sender
from consent.providers import twilio_voice
from consent.providers.twilio_voice import Line

YES, NO, AGAIN, STOP = "1", "2", "9", "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A key, "" for silence, as the answer to the question `number` of a call.

    `message` is our own queued call where we called; None where we were called. `is_late` means that nobody listens.
    """

    call: Call
    sender: Sender
    contact: Contact
    key: str
    number: int
    at: datetime
    parameters: Mapping[str, str]
    message: OutboundMessage | None
    is_late: bool = False

    @property
    def reference(self) -> str:
        """The step's own name: the same again is the same act."""
        return f"{self.parameters['CallSid']}:{self.number}"

    def evidence(self) -> dict[str, Any]:
        """What would convince an auditor of a key: which, when, in which call, to which question, from whom."""
        call = self.call
        return {
            "digits": self.key,
            "call_id": self.parameters["CallSid"],
            "step": self.number,
            "direction": "outbound" if self.message else "inbound",
            "from": self.parameters["From"],
            "to": self.parameters["To"],
            "attestation": self.parameters.get("StirVerstat", ""),
            "answered_by": self.parameters.get("AnsweredBy", ""),
            "asked_at": moment(call.asked_at) if call.asked_at else "",
            "answered_at": moment(self.at),
            "call_started_at": moment(call.started_at),
            "seconds_into_call": int((self.at - call.started_at).total_seconds()),
            "voice": " ".join(twilio_voice.VOICES[call.language]) if call.language else "",
            "spoken_digest": call.digest,
            "provider": "twilio",
            "parameters": dict(self.parameters),
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """What a call says next; it waits `seconds` for a key after that, or hangs up where that is 0."""

    lines: tuple[Line, ...] = ()
    seconds: int = 0


class Matter(Protocol):
    """What a call is about: somebody called us (`incoming`), or we call them (`calling_back`)."""

    def question(self, step: Step, /) -> list[Line]: ...

    def knows_key(self, step: Step, /) -> bool: ...

    def yes(self, step: Step, /) -> bool | None: ...

    def read_back(self, step: Step, /) -> list[Line]: ...

    def finish(self, step: Step, /) -> list[Line]: ...

    def no(self, step: Step, /) -> bool: ...

    def take_back(self, step: Step, /) -> None: ...
