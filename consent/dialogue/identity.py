"""What a platform tells about who somebody is: two contacts of one person, or a number that is theirs no longer."""

from uuid import UUID

from consent import linking
from consent.contact import Contact
from consent.models import Sender


def same_person(*, sender: Sender, one: Contact, other: Contact, platform: str) -> UUID | None:
    """Note that the platform names two contacts of one person, such as a user id and its number; returns whose.

    Called before what they say is acted upon. None for a stranger, of whom nothing is known under either.
    """
    return linking.link(sender.company, one, other, entity=f"platform:{platform}")


def number_changed(*, sender: Sender, old: Contact, platform: str) -> bool:
    """Note that somebody left a number, or a user id; whether we knew it.

    What they agreed to does not travel: the new one is a stranger's until its holder is asked.
    """
    return linking.part(sender.company, old, cause="number_changed", entity=f"platform:{platform}")
