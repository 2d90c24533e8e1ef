"""Celery: a disposable muscle; what must happen stands in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("covalent")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.visibility_timeout = 120
app.conf.result_backend_transport_options = {"visibility_timeout": 120}
app.autodiscover_tasks()
