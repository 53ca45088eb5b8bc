"""What people are told after they said something, in the language now active."""

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from consent import keywords, opening, receipts
from consent.models import CapturePoint, Company, ConsentRecord, Sender
from consent.recording import Recorded
from consent.vocabulary import Channel, State, StopScope


def to_state(state: str, act: UUID, company: str) -> str:
    """The reply to what was recorded."""
    if state == State.GIVEN:
        return receipts.short_text(act, company)
    return _("%(company)s: understood, you will not get these messages.") % {"company": company}


def to_lone_no(company: Company) -> str:
    """The reply to a no where nothing was asked."""
    return _("%(company)s: nothing is waiting for your answer. To stop all messages here, reply STOP.") % {
        "company": company.name
    }


def to_stop(company: Company, *, channel: str, act: UUID) -> str:
    """The one confirmation of a stop: what it ended, the way back, and the receipt where there is room; nothing
    that sells.
    """
    points = CapturePoint.objects.filter(company=company, is_open=True).exclude(keyword="").order_by("pk")
    keyword = points.values_list("keyword", flat=True).first()
    if company.stop_scope == StopScope.MARKETING:
        text = _("%(company)s: done. You will get no more offers and news here.")
    else:
        text = _("%(company)s: done. You will get no more messages here.")
    way_back = _("To come back, write %(keyword)s.") if keyword else _("To come back, fill in our form.")
    said = [text, way_back]
    if channel == Channel.WHATSAPP:  # an SMS stays short
        said.append(_("Your receipt and your choices: %(link)s"))
    values = {"company": company.name, "keyword": (keyword or "").upper(), "link": receipts.own_address(act)}
    return " ".join(said) % values


def to_wrong_number(company: Company) -> str:
    """The one confirmation to whoever has a number that was somebody else's."""
    return _("%(company)s: understood. Nothing more is sent to this number.") % {"company": company.name}


def again(recorded: Recorded, company: Company) -> str:
    """The reply that a message got when it was recorded."""
    rows = ConsentRecord.objects.filter(uid=recorded.records[0]).values_list("state", "channel")
    state, channel = rows[0]
    if state == State.REQUESTED:
        return invitation(recorded.act)
    if state == State.WITHDRAWN:
        return to_stop(company, channel=channel, act=recorded.act)
    return to_state(state, recorded.act, company.name)


def invitation(act: UUID) -> str:
    """The words that were shown when somebody opened the conversation."""
    return str(opening.evidence_of(act)["shown"])


def small_talk(intent: keywords.Intent, sender: Sender, *, is_asked: bool) -> str:
    """The reply to what changes nothing."""
    values = {
        "company": sender.company.name,
        "contact": sender.company.dpo_contact,
        "link": f"{settings.OPTIN_PUBLIC_URL}/preferences/",
    }
    if intent is keywords.Intent.HELP:
        said = _("%(company)s: questions to %(contact)s. To stop all messages here, reply STOP.")
        if sender.channel == Channel.WHATSAPP:  # an SMS stays short
            said = f"{said} {_('Your choices: %(link)s')}"
        return said % values
    if is_asked:
        return _("%(company)s: reply JOIN to accept or STOP to stop.") % values
    if intent in (keywords.Intent.START, keywords.Intent.CONFIRM):
        return _("%(company)s: nothing is waiting for your answer. Fill in our form to sign up.") % values
    return ""
