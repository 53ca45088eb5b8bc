"""The triggers that make append-only tables append-only in the database itself, on both engines."""

from typing import Any

from consent.models.append_only import RULES

REFUSAL = "append-only: {table} refuses this {operation}"


def install(connection: Any) -> None:
    """(Re)create every trigger; safe to repeat, and needed after SQLite rebuilt a table."""
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor):
            cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop every trigger: for a test database that must be emptied, and for nothing else."""
    with connection.cursor() as cursor:
        for table, rule in RULES.items():
            for operation in [*rule, *(["TRUNCATE"] if connection.vendor == "postgresql" else [])]:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, operation)}{on}")


def statements(vendor: str) -> list[str]:
    """The SQL that guards every declared table on this engine."""
    build = _postgresql if vendor == "postgresql" else _sqlite
    return [sql for table, rule in RULES.items() for operation, allowed in rule.items()
            for sql in build(table, operation, allowed or "1 = 0")] + (
        [sql for table in RULES for sql in _no_truncate(table)] if vendor == "postgresql" else []
    )


def _name(table: str, operation: str) -> str:
    return f"{table}_guards_{operation.lower()}"


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
        f"IF ({allowed}) IS NOT TRUE THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
        f"END IF; RETURN {returned}; END $$",
        f"CREATE OR REPLACE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _no_truncate(table: str) -> list[str]:
    name = _name(table, "TRUNCATE")
    message = REFUSAL.format(table=table, operation="TRUNCATE")
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE OR REPLACE TRIGGER {name} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {name}()",
    ]
