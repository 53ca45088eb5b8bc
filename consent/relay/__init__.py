"""Telling other systems what changes: each reads the log with a cursor of its own, in order, at least once."""
