"""What may become of a row, in a closed list of codes and in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

GIVEN = "given"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"
RECORDED = "recorded"
LOST = "row.lost"

# Each with what it means for whoever brought the list.
GOOD: Mapping[str, Any] = {
    GIVEN: _("Recorded as an old consent, with its own date."),
    EXPIRED: _("Recorded as an old consent that is valid no more: the purpose's time is over."),
    WITHDRAWN: _("Recorded as a withdrawal."),
    RECORDED: _("Recorded as it stood in the other installation."),
}
SKIPPED: Mapping[str, Any] = {
    "duplicate": _("The same row was there before."),
    "stopped": _("This person said no, here or in this list. A list never revives that."),
    "already_given": _("There is a consent already; a list never changes its date."),
    "person.erased": _("This person was erased since the list came in, and so was the row."),
}
WRONG: Mapping[str, Any] = {
    "contact.missing": _("There is no phone number."),
    "phone.scientific": _("The number was rounded by a spreadsheet. Format the column as text and export again."),
    "phone.not_possible": _("This is not one whole phone number."),
    "phone.not_valid": _("No phone has this number."),
    "phone.bad_character": _("The phone number holds letters or signs."),
    "phone.type_blocked": _("The company cannot write to this kind of number."),
    "phone.country_not_enabled": _("The company does not write to numbers of this country."),
    "state.unknown": _("It is not clear whether this is a yes or a no."),
    "date.missing": _("A consent needs the day on which it was given."),
    "date.unreadable": _("The date cannot be read."),
    "date.future": _("The date lies in the future."),
    "date.too_old": _("The date lies before 1990."),
    "evidence.missing": _("A consent needs its source or a reference to its evidence."),
    "evidence.too_long": _("The evidence is longer than 4,000 characters."),
    "file.missing": _("The file that this row names is not in the zip."),
    "purpose.unknown": _("The company has no such purpose."),
    "channel.unknown": _("There is no such channel."),
    "row.bad_character": _("A cell holds a character that no text has."),
    "row.too_long": _("The row is too long. Is a quotation mark missing?"),
    "row.malformed": _("The row cannot be read."),
    LOST: _("It could not be opened any more. Bring the file again: what is recorded stays as it is."),
}  # fmt: skip

# Why the worker does not get on with a list, and what to do.
TROUBLES: Mapping[str, Any] = {
    "seal.broken": _(
        "What is kept of this list does not open: is the key it was sealed with still in OPTIN_KEYRING? Put it back."
    ),
    "unexpected": _(
        "Something broke that nobody expected: the log of the worker (manage.py work) says what."
    ),
}
WORDS: Mapping[str, Any] = {**GOOD, **SKIPPED, **WRONG}
