"""Coming to the preference centre by number: a code goes to it, and nobody learns whether we know it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from consent import codes, dialogue, errors, history, outbox, people, receipts, telling, vault
from consent.contact import TEL, Contact
from consent.errors import BadInput
from consent.models import Company, ConsentRecord, OutboundMessage, Visit
from consent.people import Person
from consent.vocabulary import State, django_code

log = logging.getLogger(__name__)

CODE_LIVES = outbox.CODE_LIVES
CODES_A_DAY = 3  # to one number, whoever asks for them and however often
DAY = timedelta(days=1)
Kind = OutboundMessage.Kind

_LOCKED = gettext_lazy("Too many codes were tried. Wait 10 minutes, then ask for another code.")
_EXPIRED = gettext_lazy("This code is too old. Ask for another one.")


def begin(contact: Contact, *, language: str, now: datetime, company: Company | None = None) -> Visit:
    """Write down that a number was typed, known or not; what is told to whom the worker decides. One query.

    With a company everything of it was just stopped for the number; without, a code is wished for.
    """
    visit = Visit(
        id=vault.new_id(), number_key=vault.number_key(contact), language=language, created_at=now,
        company=company.pk if company else None, wish=Visit.Wish.STOP if company else Visit.Wish.CODE,
    )  # fmt: skip
    visit.sealed = vault.seal_system(item=_item(visit), plaintext=contact.value.encode())
    visit.save(force_insert=True)
    return visit


def contact_of(visit: Visit) -> Contact:
    """The number that was typed."""
    return Contact(TEL, vault.open_system(item=_item(visit), sealed=visit.sealed).decode())


def is_over(visit: Visit, *, now: datetime) -> bool:
    """Whether its code is too old to be typed."""
    return now - visit.created_at >= CODE_LIVES


def prove(visit: Visit, typed: str, *, now: datetime) -> None:
    """Take the code that was sent for a visit. Raises BadInput: wrong, too old, or tried too often.

    The same for a number nobody knows: its code was sent to nobody.
    """
    if is_over(visit, now=now):
        raise BadInput("link.expired", message=_EXPIRED, status=HTTPStatus.GONE)
    code = codes.read(typed)
    codes.check(visit.pk, code, number_key=bytes(visit.number_key), now=now, locked=_LOCKED)
    Visit.objects.filter(pk=visit.pk, proved_at=None).update(proved_at=now)


def drain() -> int:
    """Tell what is to be told for one visit, and forget those of yesterday. Returns how many were taken."""
    now = timezone.now()
    if not Visit.objects.filter(taken_at=None).exists():
        old = Visit.objects.filter(created_at__lt=now - DAY)
        return 1 if old.exists() and old.delete() else 0
    with transaction.atomic():
        due = Visit.objects.select_for_update(skip_locked=True).filter(taken_at=None)
        visit = due.order_by("created_at").first()
        if visit is None:
            return 0  # another worker was faster
        visit.taken_at = now
        visit.save(update_fields=["taken_at"])
        # A stop may have waited on disk for long; a code is of no use then.
        if visit.wish == Visit.Wish.STOP or not is_over(visit, now=now):
            _tell_or_leave(visit)
    return 1


def _tell_or_leave(visit: Visit) -> None:
    """Tell what is to be told for one visit; one that cannot be told of keeps nobody else waiting for a code."""
    try:
        with transaction.atomic():
            _tell(visit)
    except Exception as error:
        if errors.passes(error):
            raise
        log.exception("What a visit to the preference centre is told could not be said.")


def _tell(visit: Visit) -> None:
    known = people.with_number(contact_of(visit))
    if visit.wish == Visit.Wish.CODE:
        _send_code(visit, known)
    for person in known:
        if visit.wish == Visit.Wish.STOP and person.company.pk == visit.company:
            _confirm_stop(visit, person)


def _send_code(visit: Visit, known: Sequence[Person]) -> None:
    """Send the code from the first company that can, unless the number got enough of them today."""
    key = bytes(visit.number_key)
    lately = OutboundMessage.objects.filter(number_key=key, kind=Kind.CODE)
    if lately.filter(created_at__gt=visit.created_at - DAY).count() >= CODES_A_DAY:
        return
    for person in known:
        sender = telling.sender_for(person)
        if sender is not None:
            with override(django_code(visit.language)):
                text = _("%(company)s: your code for your choices is %(code)s. Not you? Ignore this.") % {
                    "company": person.company.name, "code": dialogue.spaced(vault.code(visit.pk)),
                }  # fmt: skip
            outbox.reply(
                sender=sender, contact=contact_of(visit), subject=person.subject, text=text,
                reference=f"visit:{visit.pk}", kind=Kind.CODE, act=visit.pk,
            )  # fmt: skip
            return


def _confirm_stop(visit: Visit, person: Person) -> None:
    """Tell a number that everything was stopped for it, where there was anything to stop."""
    before = history.standings(person.subject, at=visit.created_at)
    sender = telling.sender_for(person)
    stop = ConsentRecord.objects.filter(subject=person.subject, state=State.WITHDRAWN, purpose=None)
    act = stop.order_by("-arrival").values_list("act", flat=True).first()
    if sender is None or act is None or not any(standing.is_given for standing in before.values()):
        return
    with override(django_code(visit.language)):
        text = telling.stop_text(person, _("everything"), receipts.own_address(act))
    outbox.reply(
        sender=sender, contact=contact_of(visit), subject=person.subject, text=text,
        reference=f"stop:{act}", kind=Kind.RECEIPT, act=act,
    )  # fmt: skip


def _item(visit: Visit) -> bytes:
    return b"visit" + UUID(str(visit.pk)).bytes
