"""Asking people and understanding their answers, the same on every channel that can talk.

Imported as `dialogue`: `dialogue.answer(...)`. Asks once and repeats no question; one that nobody answers
grows too old by itself (OPTIN_ASK_TTL_HOURS; 30 days where somebody who agreed before is asked).
"""

from consent.dialogue.answers import answer, answer_without_words
from consent.dialogue.asking_again import ask_again, may_ask_again
from consent.dialogue.heard import Heard, language_for, subject_of
from consent.dialogue.holding import doubt_again, judge, platform_resume, platform_stop
from consent.dialogue.identity import number_changed, same_person
from consent.dialogue.inviting import Invitation, asked_by, invite, tappable, wanted_language
from consent.dialogue.payloads import Payload, payload, read_payload
from consent.dialogue.questions import (
    asking,
    is_patient,
    link,
    open_requests,
    spaced,
    waiting_request,
)
from consent.dialogue.renewing import Again, can_say, renew
from consent.dialogue.replying import reply_now
from consent.dialogue.saying import SaidAt, said_at
from consent.dialogue.settling import confirm, refuse
from consent.dialogue.signing_up import signed_up
from consent.dialogue.stopping import stop_all, withdraw_everything
from consent.dialogue.tapping import in_approved_words, in_filled_words, template_of

__all__ = [
    "Again",
    "Heard",
    "Invitation",
    "Payload",
    "SaidAt",
    "answer",
    "answer_without_words",
    "ask_again",
    "asked_by",
    "asking",
    "can_say",
    "confirm",
    "doubt_again",
    "in_approved_words",
    "in_filled_words",
    "invite",
    "is_patient",
    "judge",
    "language_for",
    "link",
    "may_ask_again",
    "number_changed",
    "open_requests",
    "payload",
    "platform_resume",
    "platform_stop",
    "read_payload",
    "refuse",
    "renew",
    "reply_now",
    "said_at",
    "same_person",
    "signed_up",
    "spaced",
    "stop_all",
    "subject_of",
    "tappable",
    "template_of",
    "waiting_request",
    "wanted_language",
    "withdraw_everything",
]
