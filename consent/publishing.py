"""Publishing a notice version: checked, frozen with a digest, and from then on unchangeable."""

import hashlib

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import catalogue, wording
from consent.canonical import canonical
from consent.errors import BadInput
from consent.models import Notice, NoticeVersion
from consent.vocabulary import Language

# What every ask must name, in every language (design section 1; LGPD art. 9).
REQUIRED = ("company", "channels", "privacy_url", "dpo_contact")


def publish(version: NoticeVersion) -> NoticeVersion:
    """Publish a draft; the version published until now retires. Raises BadInput where it may not be.

    Two at once follow one another: one version is published at a time.
    """
    now = timezone.now()
    with transaction.atomic():
        Notice.objects.select_for_update().get(pk=version.notice_id)
        version.refresh_from_db(fields=["state"])
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
    """Raise BadInput where a version is no draft, or does not say in every language what it must."""
    if version.state != NoticeVersion.State.DRAFT:
        raise BadInput(
            "notice.not_draft",
            message=_("This version is published already. Make a new version to change it."),
        )
    for language in Language.values:
        text = version.wordings.get(language, {}).get("screen", "")
        missing = [name for name in REQUIRED if name not in wording.placeholders(text)]
        if missing:
            raise BadInput(
                "notice.incomplete",
                message=_("The text in %(language)s must contain %(names)s."),
                params={"language": language, "names": ", ".join(f"{{{name}}}" for name in missing)},
            )
