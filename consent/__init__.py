"""Asks for consent, keeps what was said, answers before every message, lets go, and proves all of it."""
