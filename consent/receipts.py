"""The person's copy of an act: plain words, and its place in the log."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from consent import guardian, history, opening, vault
from consent.log import published
from consent.models import Act, Company, ConsentRecord, Sender

OWN = "own"  # the use of the token in addresses that go to the number alone
STOP = "stop"  # its use in stop links


@dataclass(frozen=True, slots=True)
class Line:
    """One record of the act, as the person reads it, with where the person stands on it now."""

    purpose: str
    channel: str
    state: str
    state_now: str
    record: UUID
    place: published.Place | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an act recorded, for the person who did it."""

    act: UUID
    subject: UUID
    company: Company
    lines: tuple[Line, ...]
    event_time: datetime
    recorded_at: datetime
    language: str
    method: str
    notice: str
    sender: Sender | None
    guardians: tuple[str, ...] = ()  # what those who spoke for a child are to it, in words

    @property
    def is_in_the_log(self) -> bool:
        return all(line.place for line in self.lines)


def read(act: UUID, *, at: datetime) -> Receipt | None:
    """The receipt of an act, with standings as of `at`; None when there is no such act."""
    records = list(
        ConsentRecord.objects.filter(act=act)
        .select_related("company", "purpose", "notice", "point__sender")
        .order_by("arrival")
    )
    if not records:
        return None
    first = records[0]
    standings = history.standings(first.subject, at=at)
    return Receipt(
        act=act,
        subject=first.subject,
        company=first.company,
        lines=tuple(_line(record, standings) for record in records),
        event_time=first.event_time,
        recorded_at=first.recorded_at,
        language=first.language,
        method=first.method,
        notice=first.notice.digest if first.notice else "",
        sender=first.point.sender if first.point else None,
        guardians=guardians_of(first),
    )


def guardians_of(record: ConsentRecord) -> tuple[str, ...]:
    """What those who spoke for a child in the act of a record are to it, in words of the language now active.

    A query only where its capture point asks for a guardian; nothing is left of it once the person is erased.
    """
    if record.point is None or not record.point.asks_guardian:
        return ()
    try:
        return tuple(guardian.named(opening.evidence_of(record.act_id)))
    except opening.Erased:
        return ()


def _line(record: ConsentRecord, standings: dict[tuple[str, int | None], history.Standing]) -> Line:
    return Line(
        purpose=str(record.purpose.name) if record.purpose else _("all messages"),
        channel=record.get_channel_display(),
        state=record.state,
        state_now=standings[record.channel, record.purpose_id].state,
        record=record.uid,
        place=published.place_of(record.uid),
    )


def address(act: UUID) -> str:
    """The unguessable address of an act's receipt, absolute."""
    return f"{settings.OPTIN_PUBLIC_URL}/r/{vault.act_token(act, use='receipt')}/"


def own_address(act: UUID) -> str:
    """The same receipt, at the address that only whoever holds the number is given.

    Whoever sends a form, programs and staff know the other one: it shows the same, and proves nothing.
    """
    return f"{settings.OPTIN_PUBLIC_URL}/r/{vault.act_token(act, use=OWN)}/"


def stop_address(subject: UUID) -> str:
    """The address that stops everything of a person's company in one click, absolute; it never expires."""
    return f"{settings.OPTIN_PUBLIC_URL}/stop/{vault.act_token(subject, use=STOP)}/"


def read_token(token: str) -> UUID | None:
    """The act of a receipt's address, of either kind; None for any other text."""
    return vault.read_act_token(token, use="receipt") or vault.read_act_token(token, use=OWN)


def is_own(token: str) -> bool:
    """Whether an address is the one that only whoever holds the number was given."""
    return vault.read_act_token(token, use=OWN) is not None


def short_text(act: UUID, company: str) -> str:
    """The receipt as one short message, in the language now active."""
    return _("%(company)s: thank you, your yes is recorded. Receipt: %(link)s To stop, reply STOP.") % {
        "company": company, "link": own_address(act),
    }  # fmt: skip


def answering(act: UUID) -> UUID | None:
    """The act that answered what `act` requested; None while it waits.

    A yes to another question is no answer to this one: the number may have been typed by somebody else, who
    must not see what its holder says elsewhere.
    """
    request = Act.objects.filter(pk=act).first()
    if request is None:
        return None
    records = ConsentRecord.objects.filter(subject=request.subject)
    for channel, purpose, arrival in records.filter(act=act).values_list("channel", "purpose_id", "arrival"):
        later = records.filter(channel=channel, purpose_id=purpose, arrival__gt=arrival).exclude(
            state="requested"
        )
        answer = later.order_by("arrival").first()
        if answer is not None and (answer.state in history.ENDS or _answers(answer.act_id, act)):
            return UUID(str(answer.act_id))
    return None


def _answers(answer: UUID, request: UUID) -> bool:
    try:
        answered = opening.evidence_of(answer).get("answers", [])
    except opening.Erased:
        return False
    return str(request) in [one["act"] for one in answered]
