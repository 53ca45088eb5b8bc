"""The product's own settings, with keys for this run alone, a database of its own and cheap passwords."""

import os
import tempfile

from optin_site import env as _env

# Children of a test (a web server that is killed, a command that is run) share the keys of the run.
for _name, _value in _env.new_secrets().items():
    os.environ.setdefault(_name, _value)
# tests/conftest.py removes it when the run is over.
os.environ.setdefault("OPTIN_DATA_DIR", tempfile.mkdtemp(prefix="optin-tests-"))

from optin_site.settings import *  # noqa: E402, F403
from optin_site.settings import DATABASES, MIDDLEWARE, OPTIN_DATA_DIR, STORAGES  # noqa: E402

OPTIN_SANDBOX = True
OPTIN_SHOWN_SECONDS = 0  # no timer of one test writes into another
OPTIN_DECISIONS_SECONDS = 0
OPTIN_CHALLENGE_AFTER = 0  # a whole suite is one busy address
OPTIN_CATALOGUE_SECONDS = 0  # one test's rows are not another's
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES |= {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# The live server serves static files itself.
MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: the connections of several threads meet in it. Only the disk is spared.
    DATABASES["default"]["TEST"] = {"NAME": str(OPTIN_DATA_DIR / "tests.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
