"""A version looked at: what each rule says of it, and how people would get it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent import catalogue, linting
from consent.admin import preview
from consent.linting import Finding
from consent.linting.rules import Profile
from consent.models import NoticeVersion
from consent.vocabulary import Language


@dataclass(frozen=True, slots=True)
class Place:
    """A text that falls short, and the input it is typed into."""

    name: str
    field: str


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, with what it says and where."""

    finding: Finding
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The rules of one profile."""

    profile: Profile
    red: tuple[Line, ...]
    green: tuple[Line, ...]


def context(version: NoticeVersion, *, point: str = "") -> dict[str, Any]:
    """What the page needs to show both."""
    asks = catalogue.showing(version)
    findings = linting.lint(version, asks)
    ask = preview.chosen(asks, point)
    red = len({id(finding.rule.check) for finding in linting.red(findings)})
    return {
        "groups": _groups(findings),
        "is_ready": red == 0,
        "verdict": _verdict(red),
        "unasked": [profile for profile in Profile if profile not in linting.profiles(asks)],
        "pages": preview.pages(version, ask),
        "shown_at": ask.point,
        "points_to_choose": [one.point for one in asks] if len(asks) > 1 else [],
    }


def field_name(kind: str, language: str) -> str:
    """The name of the input for one wording in one language."""
    return f"{kind}_{language.lower().replace('-', '_')}"


def _verdict(red: int) -> str:
    if not red:
        return _("Every rule is green. This version can be published.")
    text = ngettext(
        "%(number)s thing keeps this version from being published.",
        "%(number)s things keep this version from being published.",
        red,
    )
    return text % {"number": red}


def _groups(findings: tuple[Finding, ...]) -> list[Group]:
    lines = [_line(finding) for finding in findings]
    return [
        Group(
            profile,
            tuple(line for line in own if not line.finding.is_green),
            tuple(line for line in own if line.finding.is_green),
        )
        for profile in Profile
        if (own := [line for line in lines if line.finding.rule.profile == profile])
    ]


def _line(finding: Finding) -> Line:
    places = finding.places if finding.rule.check.is_of_texts else ()
    return Line(
        finding,
        tuple(
            Place(f"{Language(language).label}, {linting.WORDINGS[kind]}", f"id_{field_name(kind, language)}")
            for language, kind in places
        ),
    )
