"""The web process: pages and API by Django, the stream by its own application."""

from __future__ import annotations

import gc
import os
from typing import Final

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.urls import get_resolver  # noqa: E402 - needs the app registry

from config.handler import Handler  # noqa: E402 - likewise
from portal.consumers import websocket  # noqa: E402 - likewise

GC_THRESHOLDS: Final = (50_000, 20, 100)

application = ProtocolTypeRouter({"http": Handler(), "websocket": websocket})

# Routes load now, not in somebody's first request. Then what is loaded stays out of every later
# collection: a full one over it takes half a second and is the tail of the latencies.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
gc.set_threshold(*GC_THRESHOLDS)
