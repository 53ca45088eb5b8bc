"""What a notice must say before it may be published: each rule green or red, with its reason and its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import wording
from consent.catalogue import Ask
from consent.linting import rules
from consent.linting.rules import Profile, Rule
from consent.linting.texts import Said
from consent.models import NoticeVersion
from consent.vocabulary import Channel, Language

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WORDINGS: "dict[str, _StrPromise]" = {
    "screen": gettext_lazy("on the screen"),
    "message": gettext_lazy("as a message"),
    "spoken": gettext_lazy("spoken"),
    "paper": gettext_lazy("on paper"),
}


@dataclass(frozen=True)
class Finding:
    """One rule, looked at: where the texts fall short of it, and in which details."""

    rule: Rule
    places: tuple[tuple[str, str], ...]  # (language, wording)
    details: tuple[str, ...]

    @property
    def is_green(self) -> bool:
        return not self.places

    @property
    def reason(self) -> str:
        """What is well, or what to write and where."""
        check = self.rule.check
        if self.is_green:
            return str(check.says)
        parts = [self.advice]
        if check.is_of_texts:
            parts.append(_("Where: %(places)s.") % {"places": self.where})
        return " ".join(parts)

    @property
    def advice(self) -> str:
        """What to write, wherever it is missing."""
        details = ", ".join(f"“{detail}”" for detail in self.details)
        return f"{self.rule.check.advice} {details}".strip()

    @cached_property
    def where(self) -> str:
        """The texts that fall short, by language."""
        by_language: dict[str, list[str]] = {}
        for language, kind in self.places:
            by_language.setdefault(language, []).append(str(WORDINGS[kind]))
        return "; ".join(
            f"{Language(language).label} ({', '.join(kinds)})" for language, kinds in by_language.items()
        )


def lint(version: NoticeVersion, asks: Sequence[Ask]) -> tuple[Finding, ...]:
    """Every rule that applies to a version, as the capture points that show it would show it. No query."""
    texts = [said for ask in asks for said in _texts(ask, version)]
    applicable = profiles(asks)
    return tuple(_look(rule, texts) for rule in rules.RULES if rule.profile in applicable)


def profiles(asks: Sequence[Ask]) -> frozenset[Profile]:
    """The profiles that apply: CTIA's only where SMS is offered to numbers of the United States."""
    to_us = any(
        "US" in ask.company.countries and any(offer.channel == Channel.SMS for offer in ask.offers)
        for ask in asks
    )
    return frozenset(profile for profile in Profile if profile != Profile.CTIA or to_us)


def red(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that keep a version from being published."""
    return [finding for finding in findings if not finding.is_green]


def _texts(ask: Ask, version: NoticeVersion) -> list[Said]:
    return [
        Said(
            ask=ask,
            language=language,
            wording=kind,
            template=version.wordings.get(language, {}).get(kind, "").strip(),
            text=wording.statement(ask, version, language, wording=kind).text,
        )
        for language in Language.values
        for kind in wording.WORDINGS
    ]


def _look(rule: Rule, texts: Sequence[Said]) -> Finding:
    check = rule.check
    asked = [said for said in texts if said.wording in check.wordings]
    # A text that is not there is one finding of its own, not one for each rule; unless there is none at all.
    present = [said for said in asked if said.template or check.is_of_the_missing]
    places: dict[tuple[str, str], None] = {}
    details: dict[str, None] = {}
    for said in present or asked:
        problem = check.test(said) if present else ""
        if problem is not None:
            places[said.language, said.wording] = None
            details |= {problem: None} if problem else {}
    return Finding(rule, tuple(places), tuple(details))
