"""What about lists and subscribers somebody should look at: lists for a second person, systems told nothing more."""

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import spool
from consent.admin import scope
from consent.models import Import, Subscription

MOST = 5


def found(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Each as a sentence and where it leads; nothing for who may not see them."""
    if request.user.is_superuser and spool.stuck(
        timezone.now()
    ):  # whose company it is for nobody knows before
        text = _(
            "Something that people sent is kept on disk and cannot be taken in. /readyz says what to do."
        )
        yield text, reverse("ready")
    if request.user.has_perm("consent.view_import"):
        stuck = ~Q(trouble="") & ~Q(state__in=(Import.State.DONE, Import.State.UNDONE))
        seen_to = Import.objects.filter(Q(state=Import.State.APPROVAL) | stuck)
        for batch in scope.within(seen_to, request)[:MOST]:
            text = _("An imported list waits for a second person.")
            if batch.trouble:
                text = _("An imported list cannot be worked on.")
            yield text, reverse("admin:consent_import_change", args=[batch.pk])
    if request.user.has_perm("consent.view_subscription"):
        lost = Subscription.objects.filter(state=Subscription.State.FAILED)
        for subscriber in scope.within(lost, request)[:MOST]:
            text = _(
                "%(subscriber)s is not told of changes any more: it did not answer for three days, or is gone."
            )
            yield (
                text % {"subscriber": subscriber},
                reverse("admin:consent_subscription_change", args=[subscriber.pk]),
            )
