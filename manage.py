#!/usr/bin/env python
"""Runs the product's commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

# What these do needs no secret, and the first of them makes the secrets.
NEED_NO_SECRET = {"init_secrets", "compilemessages", "collectstatic"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optin_site.settings")
    if NEED_NO_SECRET.intersection(sys.argv[1:2]):
        os.environ["OPTIN_THROWAWAY_KEYS"] = "1"
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # The message names the setting and what to do about it; the way it was found helps nobody.
        sys.exit(f"Not started: {error}")


if __name__ == "__main__":
    main()
