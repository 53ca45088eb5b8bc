"""`manage.py seed_sample`: the sample company and a staff login, made once."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from consent import sample

USERNAME = "staff"
PASSWORD = "aurora-sample-only"  # noqa: S105 - a sample login, for the sample company alone


class Command(BaseCommand):
    help = "Make the sample company Café Aurora with its capture point and a staff login, where they are missing."

    def handle(self, *_args: Any, **_options: Any) -> None:
        made = sample.seed()
        sample.approve(made)
        users = get_user_model()
        if not users.objects.filter(username=USERNAME).exists():
            users.objects.create_superuser(username=USERNAME, password=PASSWORD)
        address = f"{settings.OPTIN_PUBLIC_URL}/c/{made.company.slug}/{made.point.slug}/"
        self.stdout.write(f"{made.company.name:<15} {address}")
        self.stdout.write(f"{'Staff login':<15} {USERNAME} / {PASSWORD}")
