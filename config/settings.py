"""Settings of every process; what differs between machines comes from the environment (see .env.example)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import environ

env = environ.Env()
# Processes share the cores already: threads inside numpy only wait for each other (measured: 100 times slower
# on a busy machine). Read by numpy when it is first imported, which is after this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("COVALENT_DATA", default="var")).resolve()
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("COVALENT_URL", default="http://127.0.0.1:8000")
IS_SECURE = SITE_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "template_partials",
    "csp",
    "portal",  # above allauth, whose pages it dresses
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_structlog",
    "channels",
    "batches",
    "deviations",
    "config.demo",
    "config.bench",
    "config.keeping",
]

MIDDLEWARE = [
    "portal.middleware.measure",
    "portal.middleware.allow_dictation",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.end_stale_session",
    "django_structlog.middlewares.RequestMiddleware",
    "portal.middleware.know_actor",
]

# E-mails are unique whatever their case, by a constraint that the check does not know.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.shell.shell",
            ],
        },
    },
]

# --- database: every process but migrations and backup is covalent_app, which owns nothing (ground 2) ---
AS_OWNER = env.bool("COVALENT_AS_OWNER", default=False)
DATABASE_URL = env.str("DATABASE_URL", default="postgresql://covalent_app@127.0.0.1:5432/covalent")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default=DATABASE_URL)
DATABASES = {"default": env.db_url_config(DATABASE_OWNER_URL if AS_OWNER else DATABASE_URL)}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {"options": "-c role=covalent_owner"}
    if AS_OWNER
    else {"pool": {"min_size": 1, "max_size": env.int("COVALENT_DB_POOL", default=12), "timeout": 10}},
}

# --- Redis carries wake-ups only; it may be emptied at any moment ---
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None, "health_check_interval": 10}]},
    },
}

AUTH_USER_MODEL = "portal.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "portal.passwords.NotGuessable"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "portal.signing_in.InvitedOnly"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {
    "login": "portal.forms_signing_in.SignInForm",
    "change_password": "portal.forms_signing_in.NewPasswordForm",
}
# Guesses are counted by us, for an account and not for a source (portal.guesses).
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "portal.forms_signing_in.SecondStepForm",
    "reauthenticate": "portal.forms_signing_in.AgainByCodeForm",
    "reauthenticate_webauthn": "portal.forms_signing_in.AgainByKeyForm",
    "add_webauthn": "portal.forms_signing_in.NewKeyForm",
    "login_webauthn": "portal.forms_signing_in.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Covalent"
MFA_ADAPTER = "portal.signing_in.SealedSecrets"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# A session ends after 15 idle minutes or 12 hours, whichever is first (21 CFR 11.10(d), 11.200(a)(1)).
SESSION_ENGINE = "portal.sessions"
SESSION_IDLE = timedelta(minutes=15)
SESSION_ABSOLUTE = timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE.total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
# No SECURE_PROXY_SSL_HEADER, which would believe anybody's header: the server takes scheme and address of a
# client from X-Forwarded-* itself, from the proxies in FORWARDED_ALLOW_IPS alone.
SECURE_HSTS_SECONDS = 31_536_000 if IS_SECURE else 0
SECURE_SSL_REDIRECT = IS_SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
NODE = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    (f"vendor/{name}", NODE / path)
    for name, path in (
        ("uplot", "uplot/dist"),
        ("inter", "@fontsource-variable/inter"),
    )
    if (NODE / path).is_dir()
]
# Icons are written into the page, never served: the server need not look at two thousand files.
ICONS_DIR = NODE / "lucide-static/icons"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SERVESTATIC_USE_FINDERS = True
ATTACHMENTS_DIR = DATA_DIR / "attachments"
KEYS_DIR = Path(env.str("COVALENT_KEYS", default=str(DATA_DIR / "keys")))
# What wraps new envelope keys: the files themselves, or a key service under a key of each organisation.
KMS = env.str("COVALENT_KMS", default="file")
KMS_KEY = env.str("COVALENT_KMS_KEY", default="") or "alias/covalent-{organisation}"
KEY_CACHE = timedelta(seconds=env.int("COVALENT_KEY_CACHE", default=300))
LEDGER_KEY_FILE = Path(env.str("COVALENT_LEDGER_KEY", default=str(DATA_DIR / "ledger.key")))
FRAME_BYTES_MAX = 16 * 1024 * 1024
# A virus scanner for every file (portal.virus_scan); empty: none.
CLAMD = env.str("COVALENT_CLAMD", default="")
ATTACHMENT_BYTES_MAX = 15 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = FRAME_BYTES_MAX
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.KeyAuthentication",
        "portal.api.authentication.SignedIn",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.authentication.IsActor"],
    "DEFAULT_RENDERER_CLASSES": ["portal.api.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsing.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["portal.api.throttling.PerKey"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.as_problem",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "rest_framework.negotiation.DefaultContentNegotiation",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Covalent",
    "DESCRIPTION": "The shared room between a drug developer and its contract manufacturer.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["portal.api.authentication.IsActor"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "InquiryToolEnum": "deviations.inquiry.states.Tool",
        "Classification": "portal.states.Classification",
        "AlertState": "portal.states.AlertState",
        "Side": "portal.states.SeatSide",
        "WebhookState": "portal.states.WebhookState",
        "WebhookStream": "portal.states.WebhookStream",
        "Audience": "portal.states.Audience",
        "SettledBy": "deviations.mirroring.states.SettledBy",
        "BatchState": "batches.states.BatchState",
        "RecipeState": "batches.states.RecipeState",
        "ExcursionState": "batches.states.ExcursionState",
        "HoldKind": "batches.states.HoldKind",
        "StandState": "batches.states.StandState",
        "ShelfState": "batches.states.ShelfState",
        "LimitMeasure": "batches.states.LimitMeasure",
        "LotState": "batches.states.LotState",
        "ExecutionState": "batches.states.ExecutionState",
        "EntryState": "batches.states.EntryState",
        "ResultState": "batches.states.ResultState",
        "ResultFlag": "batches.states.ResultFlag",
        "CommentState": "batches.states.CommentState",
        "LimitKind": "batches.states.LimitKind",
        "ParameterKind": "batches.states.ParameterKind",
        "DataKind": "batches.states.DataKind",
        "MonitoringOccupancy": "batches.environment.states.Occupancy",
        "MonitoringSessionState": "batches.environment.states.SessionState",
        "MonitoringSampleState": "batches.environment.states.SampleState",
        "MonitoringSampleKind": "batches.environment.states.SampleKind",
        "MonitoringVerdict": "batches.environment.states.Verdict",
        "MonitoringSystem": "batches.environment.states.System",
        "MonitoringGrade": "batches.environment.states.Grade",
        "InterventionKind": "batches.aseptic.states.InterventionKind",
        "InterventionQualified": "batches.aseptic.states.Qualified",
        "FootprintInputKind": "batches.footprint.states.InputKind",
        "SlotState": "batches.schedule.states.SlotState",
        "DispositionDecision": "batches.disposition.states.Decision",
        "OneSide": "batches.api.disposition.SIDES",
        "HandOverKind": "batches.custody.states.HandOverKind",
        "IdentityCheckState": "batches.custody.states.CheckState",
        "IdentityStopState": "batches.custody.states.StopState",
        "LabelReadBy": "batches.custody.states.ReadBy",
        "ReviewExceptionKind": "batches.reviewing.states.ExceptionKind",
        "ReviewNoteKind": "batches.reviewing.states.NoteKind",
        "ReviewNoteState": "batches.reviewing.states.NoteState",
        "DeviationState": "deviations.states.DeviationState",
        "JudgementKind": "deviations.states.JudgementKind",
        "CapaState": "deviations.capa.states.CapaState",
        "CapaMeasureKind": "deviations.capa.states.MeasureKind",
        "CapaMeasureState": "deviations.capa.states.MeasureState",
        "CapaDecisionKind": "deviations.capa.states.CapaDecisionKind",
        "ImpactModality": "deviations.judging.states.Modality",
        "ImpactVerdict": "deviations.judging.states.Verdict",
        "CandidateOutcome": "deviations.judging.states.CandidateOutcome",
    },
}
# Requests a minute of one key or person; readings have their own, higher one.
RATE_LIMITS = {
    "default": env.int("COVALENT_RATE", default=6000),
    "readings": env.int("COVALENT_RATE_READINGS", default=12000),
}

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("COVALENT_FROM", default="covalent@localhost")
# Instead of what the agreement says, each step of a ladder waits so long; for demonstrations.
LADDER_WAIT = timedelta(seconds=env.int("COVALENT_LADDER_WAIT", default=0)) or None
# Hours of the own day in which only what is critical or of a patient lot wakes, unless chosen otherwise.
QUIET = env.str("COVALENT_QUIET", default="19:00-07:00 weekends")
# Signs for this installation at the push services of browsers (portal.notices.push); made when first needed.
PUSH_KEY_FILE = Path(env.str("COVALENT_PUSH_KEY", default=str(DATA_DIR / "push.key")))
# Where people are reached by Teams, Slack or SMS (portal.notices.chat); empty: nowhere.
CHAT_FILE = env.str("COVALENT_CHAT", default="")
# When people are asked where no roster says it; empty: always. Only what is grave wakes anybody outside.
DUTY_HOURS = env.str("COVALENT_DUTY_HOURS", default="mon-fri 08:00-18:00")
# The auditor: after how long what was due counts as not done, whom it mails, what it calls while all is well.
AUDITOR_GRACE = timedelta(seconds=env.int("COVALENT_AUDITOR_GRACE", default=60))
AUDITOR_MAIL = env.list("COVALENT_AUDITOR_MAIL", default=[])
HEARTBEAT_URL = env.str("COVALENT_HEARTBEAT_URL", default="")
REFUSALS_AN_HOUR = 60
# From which hour of the day (UTC) the newest checkpoints are mailed; None: never.
_CHECKPOINT_MAIL = env.str("COVALENT_CHECKPOINT_MAIL", default="6")
CHECKPOINT_MAIL_HOUR = range(24).index(int(_CHECKPOINT_MAIL)) if _CHECKPOINT_MAIL else None
# Who may read /metrics; without one nobody may.
METRICS_TOKEN = env.str("COVALENT_METRICS_TOKEN", default="")
WEBHOOK_ALLOW = env.list("COVALENT_WEBHOOK_ALLOW", default=[])

# --- Celery carries wake-ups; state is in PostgreSQL (reliability 4.4) ---
_BROKER_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": True,
}
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = _BROKER_OPTIONS
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "covalent"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "portal.sweep", "schedule": 1.0, "options": {"expires": 2}},
    "publish": {"task": "portal.publish", "schedule": 0.5, "options": {"expires": 2}},
    "mail-checkpoints": {"task": "portal.mail_checkpoints", "schedule": 60.0, "options": {"expires": 60}},
    "mail-mornings": {"task": "portal.mail_mornings", "schedule": 20.0, "options": {"expires": 20}},
    "carry-monitoring": {"task": "batches.carry_monitoring", "schedule": 5.0, "options": {"expires": 5}},
    "carry-links": {"task": "batches.carry_links", "schedule": 5.0, "options": {"expires": 5}},
    "seal-readings": {"task": "batches.seal_readings", "schedule": 60.0, "options": {"expires": 60}},
    "find-missing": {"task": "batches.find_missing", "schedule": 15.0, "options": {"expires": 15}},
    "learn-watches": {"task": "batches.learn_watches", "schedule": 5.0, "options": {"expires": 5}},
    "judge-watches": {"task": "batches.judge_watches", "schedule": 5.0, "options": {"expires": 5}},
    "end-shelves": {"task": "batches.end_shelves", "schedule": 10.0, "options": {"expires": 10}},
    "make-partitions": {"task": "batches.make_partitions", "schedule": 3600.0, "options": {"expires": 600}},
    "look-for-gaps": {"task": "portal.look_for_gaps", "schedule": 300.0, "options": {"expires": 300}},
    "tidy": {"task": "portal.tidy", "schedule": 3600.0, "options": {"expires": 600}},
    "heartbeat": {"task": "portal.heartbeat", "schedule": 5.0, "options": {"expires": 5}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": "ext://portal.logs.render",
            "foreign_pre_chain": "ext://portal.logs.FOREIGN",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    # At DEBUG they write what they are given: cookies and keys of a handshake, keys that were unwrapped.
    "loggers": {"uvicorn": {"level": "INFO"}, "botocore": {"level": "INFO"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
