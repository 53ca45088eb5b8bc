"""The clock of a number: everybody's, but in the sandbox one that can be turned ahead."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.models import Company, SandboxJump, Sender


@dataclass(frozen=True, slots=True)
class Clock:
    """What a number calls now. `jumps` are when it was turned ahead, by real time, and by how much."""

    jumps: tuple[tuple[datetime, timedelta], ...] = ()

    def shown(self, real: datetime) -> datetime:
        """What the clock shows at a moment."""
        return real + sum((by for at, by in self.jumps if at <= real), timedelta())

    def real(self, shown: datetime) -> datetime:
        """When the clock first shows this, or something later."""
        moment = shown
        for at, by in self.jumps:
            if moment < at:
                return moment
            moment = max(moment - by, at)
            if moment == at:
                return at
        return moment

    @property
    def ahead(self) -> timedelta:
        """How far it has been turned ahead in all."""
        return sum((by for _at, by in self.jumps), timedelta())


def of(sender: Sender) -> Clock:
    """The clock of a sender. One query for those of the sandbox, none for others."""
    if sender.provider != "sandbox":
        return Clock()
    jumps = SandboxJump.objects.filter(company=sender.company_id).order_by("at", "pk")
    return Clock(tuple(jumps.values_list("at", "by")))


def let_pass(company: Company, by: timedelta, *, at: datetime) -> None:
    """Turn the clock of a company's sandbox ahead."""
    SandboxJump.objects.create(company=company, at=at, by=by)
