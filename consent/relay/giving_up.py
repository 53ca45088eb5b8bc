"""Writing to staff that a subscriber is told no more: it said that it is gone, or three days were over."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from consent import colleagues
from consent.models import Subscription
from consent.vocabulary import django_code

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=10)  # after which an e-mail that could not be sent is tried again, until it goes


def drain() -> int:
    """Send the e-mail that has been due longest. Returns how many were tried."""
    now = timezone.now()
    due = Subscription.objects.filter(state=Subscription.State.FAILED, mail_due_at__lte=now)
    first = due.select_related("company").order_by("mail_due_at").first()
    if first is None or not due.filter(pk=first.pk).update(mail_due_at=now + AGAIN):
        return 0
    try:
        _write(first)
    except Exception:
        # Whatever a back end raises: the subscriber's page says it too, and the e-mail is tried again.
        log.exception("An e-mail about subscriber %s could not be sent.", first.pk)
    else:
        Subscription.objects.filter(pk=first.pk).update(mail_due_at=None)
    return 1


def _write(subscription: Subscription) -> None:
    """One e-mail for all who may see to it, who do not see one another's addresses."""
    company = subscription.company
    able = colleagues.able(company, to="consent.change_subscription", at=timezone.now())
    addresses = [user.email for user in able if user.email]
    if not addresses:
        return
    with translation.override(django_code(company.language)):
        page = settings.OPTIN_PUBLIC_URL + reverse(
            "admin:consent_subscription_change", args=[subscription.pk]
        )
        subject = _("%(company)s: %(subscriber)s is not told of changes any more")
        subject %= {"company": company.name, "subscriber": subscription.name}
        body = _(
            "It said that it is gone, or did not take what we told it for three days. Nothing is lost: what it was"
            " not told waits in the log. Mend it, and let it go on where it was:"
        )
    EmailMessage(subject, f"{body}\n\n{page}\n", bcc=addresses).send()
