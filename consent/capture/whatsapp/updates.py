"""Taking one of Meta's batches apart: each message, status and choice in it is an update of its own."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.contact import TEL, Contact
from consent.errors import BadInput
from consent.inbound import Delivery

PROVIDER = "meta"
DOOR = "whatsapp"

# The lists in a change whose members stand for themselves, with what each member is.
LISTS = {"messages": "message", "statuses": "status", "user_preferences": "preference"}
_AROUND = frozenset({"messaging_product", "metadata", "contacts"})


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that happened. `kind` is "message", "status", "preference" or "other"; `about` the people
    that the batch describes beside it, and `account` the WhatsApp Business Account.
    """

    kind: str
    field: str
    number_id: str
    account: str
    content: Any
    about: list[Any]

    def delivery(self, *, signed_for: str, received_at: datetime) -> Delivery:
        """The update as it is kept: named by Meta's own id of it, or by its content where it has none."""
        content = json.dumps(self.content)  # escaped, so that it can be kept whatever is in it
        return Delivery(
            door=DOOR,
            provider=PROVIDER,
            event=(self.kind, self.number_id, *self._name(content)),
            parameters={
                "kind": self.kind,
                "field": self.field,
                "number_id": self.number_id,
                "account": self.account,
                "content": content,
                "beside": json.dumps(self.about),
                "signed_for": signed_for,
            },
            received_at=received_at,
            contact=self.contact,
        )

    @property
    def contact(self) -> Contact | None:
        """Whose update it is; None for nobody's."""
        return next(iter(contacts(self.content, self.about)), None)

    def _name(self, content: str) -> tuple[str, ...]:
        if self.kind == "message" and isinstance(wamid := self.content.get("id"), str) and wamid:
            return (word(wamid),)
        return (hashlib.sha256(content.encode()).hexdigest(),)


def word(value: Any) -> str:
    """A text without what no database takes: NUL, and halves of characters."""
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def contacts(content: Any, about: Sequence[Any]) -> list[Contact]:
    """Under what an update names its person: the number, which counts more, and the user id."""
    if not isinstance(content, Mapping):
        return []
    names = ("from", "wa_id", "recipient_id", "from_user_id", "user_id", "recipient_user_id")
    beside = [(person, "user_id") for person in about if isinstance(person, Mapping)]
    found: dict[str, Contact] = {}
    for holder, name in [*((content, name) for name in names), *beside]:
        # An absent number is left out, or empty: both occur.
        if isinstance(value := holder.get(name), str) and value:
            try:
                contact = Contact.reported(value)
            except BadInput:
                continue
            found.setdefault(contact.scheme, contact)
    return sorted(found.values(), key=lambda contact: contact.scheme != TEL)


def read(body: str) -> list[Update]:
    """The updates of a batch, the oldest first. Raises ValueError or RecursionError for what is none."""
    envelope = json.loads(body)
    entries = envelope.get("entry") if isinstance(envelope, dict) else None
    if not isinstance(entries, list):
        raise ValueError("A batch has a list of entries.")
    found = [update for entry in entries for update in _of_entry(entry)]
    return sorted(found, key=_said_at)


def _of_entry(entry: Any) -> Iterator[Update]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(changes, list):
        yield Update("other", "", "", "", entry, [])
        return
    for change in changes:
        yield from _of_change(change, account=word(entry.get("id", "")), time=entry.get("time"))


def _of_change(change: Any, *, account: str, time: Any) -> Iterator[Update]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        yield Update("other", "", "", account, {"change": change, "time": time}, [])
        return
    metadata = value.get("metadata")
    number_id = word(metadata.get("phone_number_id", "")) if isinstance(metadata, dict) else ""
    contacts = value.get("contacts")
    people = contacts if isinstance(contacts, list) else []
    field = word(change.get("field", ""))
    rest = set(value) - _AROUND
    for name, kind in LISTS.items():
        members = value.get(name)
        if not isinstance(members, list):
            continue
        rest.discard(name)
        for member in members:
            if isinstance(member, dict):
                yield Update(kind, field, number_id, account, member, _beside(member, people))
            else:
                yield Update("other", field, number_id, account, {name: member}, [])
    if rest:
        content = {"time": time, **{name: value[name] for name in sorted(rest)}}
        yield Update("other", field, number_id, account, content, [])


def _beside(member: Mapping[str, Any], people: list[Any]) -> list[Any]:
    """The people in a change that a member of it is about; all of them where none is named."""
    ids = _texts(member, "from", "wa_id", "from_user_id", "user_id")
    named = [
        person for person in people if isinstance(person, dict) and ids & _texts(person, "wa_id", "user_id")
    ]
    return named or (people if len(people) == 1 else [])


def _texts(of: Mapping[str, Any], *names: str) -> set[str]:
    """What stands under these names, where that is a text at all."""
    return {value for name in names if isinstance(value := of.get(name), str) and value}


def _said_at(update: Update) -> int:
    time = update.content.get("timestamp") if isinstance(update.content, dict) else None
    try:
        return int(time) if isinstance(time, str | int) else 0
    except ValueError:
        return 0
