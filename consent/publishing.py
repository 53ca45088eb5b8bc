"""Publishing a notice version: checked, frozen with a digest, and from then on unchangeable."""

import hashlib

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import catalogue, linting
from consent.canonical import canonical
from consent.errors import BadInput
from consent.models import Notice, NoticeVersion

MOST_REASONS = 3
_CHANGED = _(
    "Somebody changed this draft after you looked at it. Nothing was published: read it below as it is now."
)


def publish(version: NoticeVersion, *, seen: str = "") -> NoticeVersion:
    """Publish a draft; the version published until now retires. Raises BadInput where it may not be, and where it does
    not say any more what was `seen`, by its digest; what `version` says, if nothing is given.

    Two at once follow one another: one version is published at a time.
    """
    now, seen = timezone.now(), seen or digest(version)
    with transaction.atomic():
        Notice.objects.select_for_update().get(pk=version.notice_id)
        rows = NoticeVersion.objects.select_for_update()  # until it is published nobody changes a word of it
        version.refresh_from_db(fields=["state", "wordings"], from_queryset=rows)
        if version.state == NoticeVersion.State.DRAFT and digest(version) != seen:
            raise BadInput("notice.changed", message=_CHANGED, status=409)
        check(version)
        NoticeVersion.objects.filter(notice=version.notice, state=NoticeVersion.State.PUBLISHED).update(
            state=NoticeVersion.State.RETIRED, retired_at=now
        )
        version.digest = digest(version)
        version.state = NoticeVersion.State.PUBLISHED
        version.published_at = now
        version.save()
    catalogue.forget()
    return version


def digest(version: NoticeVersion) -> str:
    """SHA-256 of what the version says, in hex: what its records name."""
    return hashlib.sha256(content(version)).hexdigest()


def content(version: NoticeVersion) -> bytes:
    """Everything a version says, in the canonical form that its digest is of."""
    notice = version.notice
    return canonical(
        {
            "company": notice.company.slug,
            "notice": notice.slug,
            "version": version.number,
            "wordings": version.wordings,
        }
    )


def check(version: NoticeVersion) -> None:
    """Raise BadInput where a version is no draft, or where a rule is red: what is wrong, and what to do."""
    if version.state != NoticeVersion.State.DRAFT:
        raise BadInput(
            "notice.not_draft",
            message=_("This version is published already. Make a new version to change it."),
        )
    red = linting.red(linting.lint(version, catalogue.showing(version)))
    # The same is asked by several profiles; the first to ask is named.
    first = {id(finding.rule.check): finding for finding in reversed(red)}.values()
    reasons = [f"{finding.reason} ({finding.rule.source})" for finding in reversed(first)]
    if reasons:
        raise BadInput(
            "notice.red",
            message=_("The notice cannot be published yet. %(reasons)s"),
            params={
                "reasons": " ".join(reasons[:MOST_REASONS]) + (" …" if len(reasons) > MOST_REASONS else "")
            },
        )
