"""Texts that the pretend providers have approved: filled in, with the buttons that belong to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from consent import wording
from consent.dialogue import tapping
from consent.models import MessageTemplate
from consent.sandbox.items import Button


@dataclass(frozen=True, slots=True)
class Approved:
    """What people see of an approved text."""

    text: str
    buttons: tuple[Button, ...]


def message(sender: str, name: str, values: Sequence[str], payloads: Sequence[str] = ()) -> Approved | None:
    """An approved text of a sender with its variables filled in; None where nothing of this name is approved.

    At Meta the payloads of the buttons come apart from the values, at Twilio behind them.
    """
    template = MessageTemplate.objects.filter(sender__address=sender, name=name).first()
    if template is None:
        return None
    names = wording.placeholders_in_order(template.body)
    carried = [*payloads, *values[len(names) :]]
    titles = tapping.titles(template.language).values()
    return Approved(
        text=wording.fill(template.body, dict(zip(names, values, strict=False))),
        buttons=tuple(
            Button(title=title, payload=payload) for title, payload in zip(titles, carried, strict=False)
        ),
    )
