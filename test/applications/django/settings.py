import os

SECRET_KEY = "for tests only"
USE_TZ = True
INSTALLED_APPS = [
    "django_cassandra_engine",
    "django_cassandra_engine.sessions",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "shop",
]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
SESSION_ENGINE = "django_cassandra_engine.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
ROOT_URLCONF = "shop.urls"
DATABASES = {
    "default": {
        "ENGINE": "django_cassandra_engine",
        "NAME": "django",
        "TEST_NAME": "test_django",
        "HOST": os.environ["CQL_HOST"],
        "OPTIONS": {
            "replication": {"strategy_class": "SimpleStrategy", "replication_factor": 1},
            "connection": {"port": int(os.environ["CQL_PORT"]), "connect_timeout": 30, "retry_connect": True},
            "session": {"default_timeout": 60, "default_fetch_size": 100},
        },
    }
}
