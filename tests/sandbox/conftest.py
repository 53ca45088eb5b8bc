"""A product that answers the sandbox's calls of its webhooks as a test tells it."""

from tests.providers.conftest import scripted

__all__ = ["scripted"]
