"""The app as Django sees it: where checks are registered and append-only triggers are put in place."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ConsentConfig(AppConfig):
    name = "consent"
    verbose_name = "Optin"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import checks  # noqa: F401 - importing registers them

        # One of the two signals in the product, both of migrate: SQLite drops triggers whenever a migration
        # rebuilds their table.
        post_migrate.connect(prepare_database, sender=self)


class OptinAdminConfig(AdminConfig):
    """The stock admin with our own site."""

    default_site = "consent.admin.site.staff_site"

    def ready(self) -> None:
        super().ready()
        # Sent after the permissions of our tables were made, because this app stands after ours.
        post_migrate.connect(make_groups, sender=self)


def make_groups(*, using: str, **_: Any) -> None:
    """Make the groups of staff, with the permissions of today's tables."""
    from consent.admin import groups

    groups.make(using=using)


def prepare_database(*, using: str, **_: Any) -> None:
    """Put the append-only triggers back after every migrate, and begin the log where there is none."""
    from consent.log import tree
    from consent.models import append_only, triggers

    connection = connections[using]
    if set(append_only.RULES) <= set(connection.introspection.table_names()):
        triggers.install(connection)
        tree.begin(using)
