"""What staff did with a thing, as its history says it: kept in English, shown in the reader's language."""

import re

from django.utils.translation import gettext_lazy

# A number in what is kept stands where these say %(number)s.
CHANGES = {
    "Cancelled.": gettext_lazy("Taken back before it was sent."),
    "Message %(number)s queued again.": gettext_lazy("Message %(number)s queued again."),
    "Now off.": gettext_lazy("Stopped."),
    "Now on.": gettext_lazy("Went on."),
    "Published.": gettext_lazy("Published."),
    "Queued again.": gettext_lazy("Queued again."),
    "Replaced.": gettext_lazy("Replaced by a new key."),
    "Revoked.": gettext_lazy("Revoked."),
    "Secret replaced.": gettext_lazy("Secret replaced."),
    "Told again from %(number)s.": gettext_lazy("Told again from entry %(number)s on."),
}


def words(message: str) -> str:
    """A message of a history in the language now active; one that is not ours as it is."""
    number = re.search(r"\d+", message)
    known = CHANGES.get(re.sub(r"\d+", "%(number)s", message, count=1))
    if known is None:
        return message
    return str(known) % {"number": number.group()} if number else str(known)
