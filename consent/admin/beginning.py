"""What a company still lacks before it can ask anybody, in the order in which it is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from consent.admin import scope
from consent.models import CapturePoint, Notice, NoticeVersion, Purpose, Sender


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to make; `url` leads to where, and is empty for what is there or what others must make."""

    text: str
    hint: str
    is_done: bool
    url: str


def steps(request: HttpRequest, points: Sequence[CapturePoint]) -> list[Step]:
    """The way to a first question; `points` are those there are, none of which can be shown yet."""
    notice = scope.within(Notice.objects.order_by("pk"), request).first()
    published = NoticeVersion.objects.filter(state=NoticeVersion.State.PUBLISHED)
    return [
        _step(
            request,
            "sender",
            _("A sender"),
            _("The number that people get your messages from."),
            is_done=scope.within(Sender.objects.all(), request).exists(),
        ),
        _step(
            request,
            "purpose",
            _("A purpose"),
            _("What you write about, such as offers or orders. People agree to each one alone."),
            is_done=scope.within(Purpose.objects.all(), request).exists(),
        ),
        _step(
            request,
            "notice",
            _("A notice, published"),
            _("What people read before they agree. A text to begin with is there; read it, then publish it."),
            is_done=scope.within(published, request).exists(),
            pk=notice.pk if notice else None,
        ),
        _step(
            request,
            "capturepoint",
            _("A capture point, open and with a box"),
            _("The question itself: it gets an address, a QR code and a poster."),
            is_done=False,
            pk=points[0].pk if points else None,
        ),
    ]


def _step(
    request: HttpRequest, model: str, text: str, hint: str, *, is_done: bool, pk: int | None = None
) -> Step:
    """A step that leads to the page where the thing is made, or to the one there is and that lacks something."""
    verb = "change" if pk else "add"
    may = request.user.has_perm(f"consent.{verb}_{model}")
    url = reverse(f"admin:consent_{model}_{verb}", args=[pk] if pk else []) if may and not is_done else ""
    return Step(text, hint, is_done, url)
