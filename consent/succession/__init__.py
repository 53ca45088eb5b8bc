"""Ending a damaged log and letting another go on from its last good checkpoint, in public (ADR-0006)."""

from consent.succession.carrying_out import Interrupted, carry_out
from consent.succession.planning import Again, NothingToSucceed, Plan, plan

__all__ = ["Again", "Interrupted", "NothingToSucceed", "Plan", "carry_out", "plan"]
