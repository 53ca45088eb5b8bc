"""The door the web server knocks on."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optin_site.settings")

django_application = get_wsgi_application()  # first: the front needs Django set up

from django.urls import get_resolver  # noqa: E402

from consent.api.front import Front  # noqa: E402
from consent.http import OneCharset  # noqa: E402
from consent.whole import Whole  # noqa: E402

application = Front(OneCharset(Whole(django_application)))

# What is loaded now stays for good. Looking through all of it for garbage would halt every thread for a tenth
# of a second, now and then, in the middle of somebody's request.
assert get_resolver().url_patterns, "which loads every view"
gc.collect()
gc.freeze()
