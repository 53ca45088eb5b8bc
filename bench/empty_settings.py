"""The least a Django project needs."""

SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.empty"
MIDDLEWARE: list[str] = []
