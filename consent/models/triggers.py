"""The triggers that make append-only tables append-only in the database itself, on both engines."""

from typing import Any

from django.apps import apps

from consent.models.append_only import RULES

REFUSAL = "append-only: {table} refuses this {operation}"


def install(connection: Any) -> None:
    """(Re)create every trigger; safe to repeat, and needed after SQLite rebuilt a table."""
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor):
            cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop every trigger: for a test database that must be emptied, and for nothing else."""
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for table in RULES:
            for operation in ("UPDATE", "DELETE", "TRUNCATE" if is_postgresql else "INSERT"):
                on = f" ON {table}" if is_postgresql else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, operation)}{on}")


def statements(vendor: str) -> list[str]:
    """The SQL that guards every declared table on this engine."""
    build = _on_postgresql if vendor == "postgresql" else _on_sqlite
    return [sql for table in RULES for sql in build(table)]


def _name(table: str, operation: str) -> str:
    return f"{table}_guards_{operation.lower()}"


def _on_sqlite(table: str) -> list[str]:
    rule = RULES[table]
    # OR REPLACE deletes the rows in the way of a new one, and no trigger hears of it: so the new one is
    # refused.
    in_the_way = " OR ".join(
        "(" + " AND ".join(f'OLD."{column}" = NEW."{column}"' for column in key) + ")" for key in _keys(table)
    )
    harmed = f"({in_the_way}) AND ({rule['INSERT'] or '1 = 0'}) IS NOT TRUE"
    unharmed = f"NOT EXISTS (SELECT 1 FROM {table} AS OLD WHERE {harmed})"  # noqa: S608 - our own names
    return [
        *_sqlite(table, "UPDATE", rule["UPDATE"] or "1 = 0"),
        *_sqlite(table, "DELETE", rule["DELETE"] or "1 = 0"),
        *_sqlite(table, "INSERT", unharmed),
    ]


def _on_postgresql(table: str) -> list[str]:
    rule = RULES[table]
    return [
        *_postgresql(table, "UPDATE", rule["UPDATE"] or "1 = 0"),
        *_postgresql(table, "DELETE", rule["DELETE"] or "1 = 0"),
        *_no_truncate(table),
    ]


def _keys(table: str) -> list[list[str]]:
    """The columns that no two rows of a table share."""
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    columns = {field.name: str(field.column) for field in model._meta.local_fields}
    single = [[columns[field.name]] for field in model._meta.local_fields if field.unique]
    together = [constraint.fields for constraint in model._meta.total_unique_constraints]
    return single + [[columns[name] for name in names] for names in together]


def _sqlite(table: str, operation: str, allowed: str) -> list[str]:
    name = _name(table, operation)
    message = REFUSAL.format(table=table, operation=operation)
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW WHEN ({allowed}) IS NOT TRUE "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
    ]


def _postgresql(table: str, operation: str, allowed: str) -> list[str]:
    # A subquery may not stand in a trigger's WHEN, so the condition is in the function.
    name = _name(table, operation)
    message = REFUSAL.format(table=table, operation=operation)
    returned = "OLD" if operation == "DELETE" else "NEW"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF ({allowed}) IS NOT TRUE THEN {_raise(message)}; END IF; RETURN {returned}; END $$",
        f"CREATE OR REPLACE TRIGGER {name} BEFORE {operation} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _no_truncate(table: str) -> list[str]:
    name = _name(table, "TRUNCATE")
    message = REFUSAL.format(table=table, operation="TRUNCATE")
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {_raise(message)}; END $$",
        f"CREATE OR REPLACE TRIGGER {name} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {name}()",
    ]


def _raise(message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'"
