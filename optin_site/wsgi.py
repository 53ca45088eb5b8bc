"""The door the web server knocks on."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optin_site.settings")

django_application = get_wsgi_application()  # first: the front needs Django set up

from consent.api.front import Front  # noqa: E402
from consent.http import OneCharset  # noqa: E402

application = Front(OneCharset(django_application))
