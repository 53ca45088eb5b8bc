"""What is asked where: capture points with their boxes and notices, read at most once a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from consent.models import (
    CapturePoint,
    Company,
    Localized,
    Notice,
    NoticeVersion,
    Offer,
    Poster,
    QualityChange,
    Sender,
)
from consent.vocabulary import Channel, Language

LONGEST_KEYWORD = 20  # characters; what is longer is no keyword, and is not kept in memory
EARLY = 0.75  # of its life: from then on what is kept is read anew


@dataclass(frozen=True, slots=True)
class Ask:
    """A capture point as it is published now. `version` is None until its notice has a published version."""

    point: CapturePoint
    offers: tuple[Offer, ...]
    version: NoticeVersion | None

    @property
    def company(self) -> Company:
        return self.point.company

    @property
    def sender(self) -> Sender:
        return self.point.sender

    @property
    def is_ready(self) -> bool:
        """Whether it may be shown where everything it asks can be asked: opened by staff, with boxes and a published
        notice.
        """
        return self.point.is_open and self.version is not None and bool(self.offers)

    @property
    def is_open(self) -> bool:
        """Whether it may be shown by a method that cannot ask for a guardian."""
        return self.is_ready and not self.point.asks_guardian

    @property
    def languages(self) -> list[str]:
        """The languages it speaks: those of the capture point that its notice has, else all of the notice."""
        wordings = self.version.wordings if self.version else {}
        return [one for one in self.point.languages if one in wordings] or list(wordings)

    def language(self, wanted: str) -> str:
        """The language to ask in: the wanted one, else the company's first, else any that it speaks."""
        spoken = self.languages
        return next((one for one in (wanted, self.company.language) if one in spoken), spoken[0])


@dataclass(frozen=True, slots=True)
class Rules:
    """What the decision must know of a company beside its people: the company's own limits, and its senders."""

    company: Company
    senders: tuple[Sender, ...]


_kept: dict[tuple[str, ...], tuple[float, Any]] = {}
_reading: set[tuple[str, ...]] = set()


def ask(company: str, point: str) -> Ask | None:
    """The capture point with these short names, or None. No query, or three."""
    return _keep(("ask", company, point), lambda: _read_ask(company__slug=company, slug=point))


def ask_of(company: int, point: str) -> Ask | None:
    """The capture point of a company, by the company's key and the point's short name. No query, or three."""
    return _keep(("ask of", str(company), point), lambda: _read_ask(company=company, slug=point))


def ask_numbered(number: int) -> Ask | None:
    """The capture point with this key, or None. No query, or three."""
    return _keep(("point", str(number)), lambda: _read_ask(pk=number))


def ask_for(sender: Sender, keyword: str) -> Ask | None:
    """The capture point of a sender's company with this keyword, normalised, or None. No query, or three."""
    if len(keyword) > LONGEST_KEYWORD:
        return None
    return _keep(
        ("keyword", str(sender.company_id), keyword),
        lambda: _read_ask(company=sender.company_id, keyword=keyword),
    )


def ask_by_call(sender: Sender) -> Ask | None:
    """The capture point that calls to a voice sender are about: the first open one made with it. No query, or
    three.
    """
    return _keep(
        ("call", str(sender.pk)), lambda: _read_ask(voice=sender.pk, company=sender.company_id, is_open=True)
    )


def poster(point: CapturePoint, code: str) -> Poster | None:
    """The poster of a capture point with this code, or None. No query without a code, else none or one."""
    if not code:
        return None
    posters: dict[str, Poster] = _keep(
        ("posters", str(point.pk)), lambda: {one.code: one for one in point.posters.all()}
    )
    return posters.get(code)


def offering(company: Company, purpose: str, channel: str) -> Ask | None:
    """The first open capture point that asks for one purpose (its slug) on one channel, cut to this one box."""
    offers = Offer.objects.filter(
        point__company=company, point__is_open=True, purpose__slug=purpose, channel=channel
    )
    for point in CapturePoint.objects.filter(pk__in=offers.values("point")).order_by("pk"):
        found = ask(company.slug, point.slug)
        if found is not None and found.is_open:
            box = tuple(one for one in found.offers if (one.purpose.slug, one.channel) == (purpose, channel))
            return Ask(found.point, box, found.version) if box else None
    return None


def version(number: int) -> NoticeVersion | None:
    """The notice version with this key, whatever its state. No query, or one."""
    return _keep(
        ("version", str(number)),
        lambda: NoticeVersion.objects.select_related("notice").filter(pk=number).first(),
    )


def sender_at(channel: str, address: str) -> Sender | None:
    """Our sender with this number on a channel, with its company. No query, or one."""
    return _keep(
        ("sender", channel, address),
        lambda: Sender.objects.select_related("company").filter(channel=channel, address=address).first(),
    )


def sender_written(address: str) -> Sender | None:
    """Our sender as Twilio writes its number: "whatsapp:+5511...", or "+5511..." for SMS. No query, or one."""
    number = address.removeprefix("whatsapp:")
    return sender_at(Channel.SMS if number == address else Channel.WHATSAPP, number)


def sender_numbered(number_id: str) -> Sender | None:
    """Our sender with this phone number id at Meta, with its company. No query, or one."""
    if not number_id:
        return None
    return _keep(
        ("number id", number_id),
        lambda: Sender.objects.select_related("company").filter(number_id=number_id).first(),
    )


def rules(company: int) -> Rules | None:
    """A company with its senders, as they are now. No query, or one to three.

    Within a second of a reading every process must brake, writing it down included: whatever a reading changes is
    written down as a change too, and the number of the last one is asked for often, once for all companies.
    """
    seconds = settings.OPTIN_CATALOGUE_SECONDS
    change = _keep(("change",), _last_change, lives=seconds / 10)
    return _keep(("rules", str(company), change), lambda: _read_rules(company), lives=seconds / 2)


def signed_up(sender: Sender, signup: str) -> Ask | None:
    """The capture point of a sender's company that a sign-up link at Meta belongs to. No query, or three."""
    if not signup:
        return None
    return _keep(
        ("signup", str(sender.company_id), signup),
        lambda: _read_ask(company=sender.company_id, signup=signup),
    )


def showing(version: NoticeVersion) -> tuple[Ask, ...]:
    """Every capture point with boxes that shows a version's notice; an example where there is none. A query or
    five, whatever stands in the catalogue.
    """
    points = version.notice.points.select_related("company", "sender").prefetch_related("offers__purpose")
    asks = [Ask(point, tuple(point.offers.all()), version) for point in points.order_by("slug")]
    return tuple(ask for ask in asks if ask.offers) or (_example(version),)


def forget() -> None:
    """Read everything anew: after a change in this process, and between tests."""
    _kept.clear()


def _read_ask(**where: Any) -> Ask | None:
    points = CapturePoint.objects.select_related("company", "notice", "sender", "voice")
    found = points.filter(**where).order_by("pk").first()
    if found is None:
        return None
    offers = tuple(found.offers.select_related("purpose"))
    return Ask(found, offers, _current(found.notice))


def _read_rules(number: int) -> Rules | None:
    company = Company.objects.filter(pk=number).defer("logo").first()
    if company is None:
        return None
    return Rules(company, tuple(company.senders.defer("secret").order_by("pk")))


def _last_change() -> str:
    return str(QualityChange.objects.order_by("-pk").values_list("pk", flat=True).first())


def _example(version: NoticeVersion) -> Ask:
    """Boxes for every purpose of the company, for a notice that no capture point uses yet."""
    company = version.notice.company
    sender = company.senders.order_by("channel").first() or Sender(
        company=company, channel=Channel.SMS, address="+00 00 0000"
    )
    title = Localized(dict.fromkeys(Language.values, company.name))
    point = CapturePoint(
        company=company, slug=version.notice.slug, title=title, notice=version.notice, sender=sender
    )
    offers = [Offer(point=point, purpose=purpose, channel=Channel.SMS) for purpose in company.purposes.all()]
    return Ask(point, tuple(offers), version)


def _current(notice: Notice) -> NoticeVersion | None:
    current = notice.current
    if current is not None:
        current.notice = notice
    return current


def _keep[T](key: tuple[str, ...], read: Callable[[], T], *, lives: float | None = None) -> T:
    lives = settings.OPTIN_CATALOGUE_SECONDS if lives is None else lives
    now = time.monotonic()
    kept = _kept.get(key)
    if kept is not None:
        age = now - kept[0]
        # In the last quarter of its life one reads it anew and the rest make do: else all who come at once would read.
        if age < lives and (age < lives * EARLY or key in _reading):
            return kept[1]  # type: ignore[no-any-return]
    _reading.add(key)
    try:
        value = read()
    finally:
        _reading.discard(key)
    if len(_kept) > 10_000:  # addresses that strangers make up must not fill the memory
        _kept.clear()
    _kept[key] = (now, value)
    return value
