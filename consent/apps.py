"""The app as Django sees it: where checks are registered and append-only triggers are put in place."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ConsentConfig(AppConfig):
    name = "consent"
    verbose_name = "Optin"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The one signal in the product: SQLite drops triggers whenever a migration rebuilds their table.
        post_migrate.connect(prepare_database, sender=self)


def prepare_database(*, using: str, **_: Any) -> None:
    """Put the append-only triggers back after every migrate, and begin the log where there is none."""
    from consent.log import tree
    from consent.models import triggers

    connection = connections[using]
    if set(triggers.RULES) <= set(connection.introspection.table_names()):
        triggers.install(connection)
        tree.begin(using)
