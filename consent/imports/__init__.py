"""Bringing lists in: read, mapped, tried, recorded through the one door, or undone before that."""
