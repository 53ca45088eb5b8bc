"""`manage.py succeed_log`: end a damaged log, and let another go on from its last good checkpoint."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent import succession
from consent.log import published
from consent.log.errors import LogRefuses


class Command(BaseCommand):
    help = "Say what ending the damaged log would do; with --confirm and the new log's name, do it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--confirm", metavar="NAME", help="the name of the new log, as it was told without this"
        )

    def handle(self, **options: Any) -> None:
        try:
            plan = succession.plan()
        except succession.NothingToSucceed as nothing:
            raise CommandError(str(nothing)) from nothing
        self._tell(plan)
        if options["confirm"] is None:
            self.stdout.write(
                "Nothing was changed. Stop every process, copy the database, read docs/log-succession.md, then:\n"
                f"manage.py succeed_log --confirm {plan.origin}"
            )
            return
        if options["confirm"] != plan.origin:
            raise CommandError(
                f"The new log would be {plan.origin}, not {options['confirm']}. Nothing was changed."
            )
        self._carry_out(plan)

    def _tell(self, plan: succession.Plan) -> None:
        facts = {
            "What is wrong": plan.why,
            "The log that ends": f"{published.origin()}, last good checkpoint: {plan.size} entries, {plan.root.hex()}",
            "The log that goes on": plan.origin,
            "Earlier checkpoints spoiled": " ".join(map(str, plan.spoiled)) or 0,
            "Entries given up": plan.given_up,
            "Entered again": len(plan.again),
            "Disputed among those": " ".join(map(str, plan.disputed)) or 0,
            "Lost": " ".join(map(str, plan.lost)) or 0,
        }
        self.stdout.writelines(f"{name}: {value}\n" for name, value in facts.items())

    def _carry_out(self, plan: succession.Plan) -> None:
        try:
            kept = succession.carry_out(plan)
        except (succession.Interrupted, LogRefuses, FileExistsError) as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        if kept:
            self.stdout.write(f"What was given up is in {kept}. Keep it.")
        keys = "\n".join(str(key) for key in published.keys() if key.name == plan.origin)  # noqa: SIM118
        self.stdout.write(
            f"Done. Tell the witnesses, and everybody who verifies, the key of the new log:\n{keys}"
        )
