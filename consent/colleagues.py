"""Who of a company's staff sees to something."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from consent.models import Company


def able(company: Company, *, to: str, at: datetime) -> list[User]:
    """Staff of a company with a permission, whose access lasts; whoever runs the installation where there is nobody."""
    active = User.objects.filter(is_active=True, is_staff=True)
    ours = active.filter(memberships__company=company).filter(
        Q(memberships__last_day=None) | Q(memberships__last_day__gte=at.date())
    )
    return [user for user in ours.distinct() if user.has_perm(to)] or list(active.filter(is_superuser=True))
