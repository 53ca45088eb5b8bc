"""The settings of an installation, grouped by the party outside that each group speaks to.

Everything an operator may change comes from the environment and stands in docs/configuration.md.
"""

import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import bootstrap_wrapper
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from optin_site import env as _env

BASE_DIR = Path(__file__).resolve().parent.parent

# --- The operator ---------------------------------------------------------------------------------

OPTIN_DATA_DIR = Path(_env.read(Path("/dev/null")).text("OPTIN_DATA_DIR", str(BASE_DIR / "data"))).resolve()
OPTIN_SECRETS_FILE = OPTIN_DATA_DIR / "secrets.env"

env = _env.read(OPTIN_SECRETS_FILE)

DEBUG = env.flag("OPTIN_DEBUG", False)
PORT = env.number("PORT", 8000, least=1)

# Keys for this process alone: for tests, checks and image builds. What is sealed with them never opens again.
OPTIN_THROWAWAY_KEYS = env.flag("OPTIN_THROWAWAY_KEYS", False)
if OPTIN_THROWAWAY_KEYS:
    env = _env.Environment(env.variables, {**_env.new_secrets(), **env.offered})

SECRET_KEY = env.text("OPTIN_SECRET_KEY")
OPTIN_KEYRING = env.keyring("OPTIN_KEYRING")
OPTIN_LOOKUP_KEY = env.key("OPTIN_LOOKUP_KEY")

# --- The product ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "consent.apps.ConsentConfig",
    "consent.apps.OptinAdminConfig",  # django.contrib.admin with our own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "phonenumber_field",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_altcha",
    "axes",
    "ninja",  # for the files of the API's own documentation, so that it asks no other machine
]

# One more method is one more word here.
OPTIN_CAPTURE_METHODS = env.words(
    "OPTIN_CAPTURE_METHODS",
    "consent.capture.website,consent.capture.whatsapp,consent.capture.sms,consent.capture.ivr,consent.capture.app,"
    "consent.capture.paper,consent.capture.kiosk",
)
OPTIN_SANDBOX = env.flag("OPTIN_SANDBOX", False)
OPTIN_GROUP_COMMIT = env.flag("OPTIN_GROUP_COMMIT", False)
OPTIN_ASK_TTL_HOURS = env.number("OPTIN_ASK_TTL_HOURS", 24, least=1)
OPTIN_FORM_TTL_HOURS = env.number("OPTIN_FORM_TTL_HOURS", 48, least=1)
OPTIN_STRANGERS_A_MINUTE = env.number("OPTIN_STRANGERS_A_MINUTE", 2_000, least=1)
OPTIN_KIOSK_DAYS = env.number("OPTIN_KIOSK_DAYS", 14, least=1)
OPTIN_ASKS_PER_NUMBER = env.number("OPTIN_ASKS_PER_NUMBER", 1, least=1)
# By when requests about data are answered where neither the LGPD nor the GDPR says it.
OPTIN_RIGHTS_DAYS = env.number("OPTIN_RIGHTS_DAYS", 15, least=1)
# How long a process trusts what it read of companies, capture points and credentials before it looks again.
OPTIN_CATALOGUE_SECONDS = env.number("OPTIN_CATALOGUE_SECONDS", 1)
# Posts of one address in a minute, or ten times as many of one capture point, before a form asks for a proof
# of work; 0 means never.
OPTIN_CHALLENGE_AFTER = env.number("OPTIN_CHALLENGE_AFTER", 60)
OPTIN_META_VERSION = env.text(
    "OPTIN_META_VERSION", "v24.0"
)  # of the Graph API; Meta ends each after two years
OPTIN_DECISIONS_SECONDS = 60  # the same for decisions; 0 leaves them there until the process ends
OPTIN_SHOWN_SECONDS = 5  # how long counts of shown notices wait in memory; 0 writes each at once
OPTIN_MESSAGES_PER_COMPANY = env.number("OPTIN_MESSAGES_PER_COMPANY", 10_000)
# Hosts of our own network, each perhaps with its port, to which webhooks may go all the same.
OPTIN_INSIDE_HOSTS = env.words("OPTIN_INSIDE_HOSTS", "")
# Old consents of one list that one person may have recorded; more of them need a second one.
OPTIN_IMPORT_APPROVAL_ROWS = env.number("OPTIN_IMPORT_APPROVAL_ROWS", 10_000)

# --- The database ---------------------------------------------------------------------------------


def _sqlite_journal(version: tuple[int, int, int]) -> str:
    """WAL where it is safe, and elsewhere a journal that is synced twice."""
    # FULL in WAL as well: what was acknowledged must outlive a power cut, not only a crash.
    if _env.wal_is_mended(version):
        return "journal_mode=WAL; PRAGMA synchronous=FULL"
    return "journal_mode=DELETE; PRAGMA synchronous=EXTRA"


DATABASES = {"default": _env.database(env.text("DATABASE_URL", f"sqlite:///{OPTIN_DATA_DIR}/optin.sqlite3"))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # secure_delete: what is erased leaves no bytes behind in the file.
        "init_command": f"PRAGMA {_sqlite_journal(sqlite3.sqlite_version_info)};"
        " PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;",
    }
else:
    # Prepared once and kept: a fresh connection for each request costs eight times a decision itself.
    # No health check either, one more statement before each request; a lost connection fails one request.
    DATABASES["default"]["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 1}
DATABASES["default"]["CONN_MAX_AGE"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = [
    # OPTIN_STAFF_MIDDLEWARE has what these miss
    "admin.E408",
    "admin.E409",
    "admin.E410",
    "axes.W002",
    "models.W040",  # SQLite leaves the added columns out of a covering index, and may
    "security.W005",  # whether a company's other subdomains speak HTTPS is for the company to say
    "security.W021",  # and so is whether browsers are to know it beforehand
]

# The replay memory of challenges is shared by every process, so it lives where they all look.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "optin_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # a used challenge that is forgotten could be used again
    }
}

# --- The visitor's browser ------------------------------------------------------------------------

OPTIN_PUBLIC_URL = env.text("OPTIN_PUBLIC_URL", f"http://localhost:{PORT}").rstrip("/")
_public = urlsplit(OPTIN_PUBLIC_URL)
if (
    _public.scheme not in {"http", "https"}
    or not _public.hostname
    or _public.path
    or _public.query
    or _public.fragment
):
    raise ImproperlyConfigured(
        "OPTIN_PUBLIC_URL must be like https://consent.example.org, with nothing after the host."
    )
_local = _public.hostname in {"localhost", "127.0.0.1", "::1"}
_hosts = {_public.hostname, "localhost", "127.0.0.1", "[::1]"} if _local else {_public.hostname}
ALLOWED_HOSTS = env.words("OPTIN_ALLOWED_HOSTS", ",".join(sorted(_hosts)))
CSRF_TRUSTED_ORIGINS = [OPTIN_PUBLIC_URL]

# How many proxies of ours stand in front; only then are their headers believed.
OPTIN_PROXY_HOPS = env.number("OPTIN_PROXY_HOPS", 0)
if OPTIN_PROXY_HOPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

_https = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _https and not _local else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # other people's subdomains are not ours to decide about
# Behind a proxy that tells which scheme it was, plain HTTP is sent to HTTPS. Health checks come from inside.
SECURE_SSL_REDIRECT = _https and OPTIN_PROXY_HOPS > 0
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# Receipt addresses are secrets: no other site learns them from a link.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "worker-src": [CSP.SELF, "blob:"],  # the proof of work runs in a worker made from a blob
    # The one <style> that the ALTCHA widget of django-altcha 1.0 adds; tests/browser sees it when it changes.
    "style-src": [CSP.SELF, CSP.NONCE, "'sha256-pg+oQARqMq4wCazyrsMt8HY89BJkXkEFkwNWxg2iPdg='"],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
}
# A form or a webhook is small, and scans are files, which this does not count.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "consent.http.TemporaryUploads",
]
DATA_UPLOAD_MAX_NUMBER_FILES = 50

ROOT_URLCONF = "optin_site.urls"
WSGI_APPLICATION = "optin_site.wsgi.application"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "consent.api.problems.Problems",
    "consent.http.NoLoops",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "consent.whole.SaidToTheEnd",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "consent.http.DatabaseTrouble",
    "consent.http.ForStaff",
]
# What pages of staff alone need: nobody else signs in, and their requests are not to pay for it.
OPTIN_STAFF_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap", str(bootstrap_wrapper.get_bootstrap_dir()))]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "optin_site.static.Storage"
    },
}

# Where scheduled exports go: a folder, or s3://bucket/folder.
OPTIN_EXPORT_PLACE = env.text("OPTIN_EXPORT_PLACE", str(OPTIN_DATA_DIR / "exports"))
STORAGES["exports"] = _env.storage(OPTIN_EXPORT_PLACE)

# Source maps are for developers' eyes; compressing them costs more than everything else together.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [
    "map",
    "jpg",
    "jpeg",
    "png",
    "gif",
    "webp",
    "zip",
    "gz",
    "br",
    "woff",
    "woff2",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False
ALTCHA_HMAC_KEY = SECRET_KEY

# --- The person's language and number -------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish")), ("pt-br", _("Brazilian Portuguese"))]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["optin_site.formats"]
TIME_ZONE = "UTC"

PHONENUMBER_DB_FORMAT = "E164"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# --- Staff ----------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "/"  # where somebody is sent who brings an address of another site

# A name and an address together: nobody locks a colleague out from elsewhere, nor an office from one desk.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "consent.http.client_address"
AXES_LOCKOUT_CALLABLE = "consent.admin.shut.locked"
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # so that the owner of an account is told that somebody guessed
AXES_VERBOSE = False  # its messages would name the account and the address

# --- Whoever looks for viruses in files that come in ------------------------------------------------

OPTIN_SCANNER = _env.scanner(env.text("OPTIN_SCANNER", ""))

# --- Whoever verifies the log ---------------------------------------------------------------------

# --- Whoever carries e-mail to staff. Without a backend they find their notices on the first page alone.

OPTIN_MAIL_BACKEND = env.text("OPTIN_MAIL_BACKEND", "")
MAILERS = {
    "default": {
        "BACKEND": OPTIN_MAIL_BACKEND or "django.core.mail.backends.dummy.EmailBackend",
        "OPTIONS": env.json("OPTIN_MAIL_OPTIONS"),
    }
}
DEFAULT_FROM_EMAIL = env.text("OPTIN_MAIL_FROM", f"optin@{_public.hostname}")


OPTIN_LOG_KEY = env.key("OPTIN_LOG_KEY")
OPTIN_LOG_KEY_NEXT = env.key_or_none("OPTIN_LOG_KEY_NEXT")
OPTIN_LOG_ORIGIN = env.text("OPTIN_LOG_ORIGIN", f"{_public.netloc}/log")
OPTIN_WITNESSES = env.words("OPTIN_WITNESSES", "")

# --- Whoever reads the server's own log -----------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"routes": {"()": "optin_site.logs.RouteNotPath"}},
    "formatters": {"sober": {"()": "optin_site.logs.Sober"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "filters": ["routes"],
            "formatter": "sober",
        },
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "consent": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
