"""What is measured for operators (Prometheus): counts of a process, gauges read from rows at each scrape.

No label names a tenant, a record, a person or a product: routes by the names of this code, states by code.
Worker, beat and relay hold nothing that is not a row or a queue, so the web process tells of them too. Web
processes that share a machine share a folder (PROMETHEUS_MULTIPROC_DIR) and each answers for all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from django.db import connection
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from portal.slots import Slot

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

http_seconds = Histogram(
    "covalent_http_seconds",
    "Time to answer, by route and status class.",
    ("route", "status"),
    buckets=BUCKETS,
)
guesses = Counter(
    "covalent_guesses", "Passwords and codes: judged, of these right, and refused unjudged.", ("outcome",)
)
throttled = Counter("covalent_throttled", "Requests refused by a rate limit.", ("rate",))
sockets = Gauge("covalent_sockets", "Open stream sockets.", multiprocess_mode="livesum")
hub_lag = Gauge(
    "covalent_hub_lag_entries",
    "Entries heard of and not yet pushed, worst chain.",
    multiprocess_mode="livemax",
)
pool = Gauge(
    "covalent_db_pool",
    "Database connections: open, in use, waited for.",
    ("state",),
    multiprocess_mode="livesum",
)

# Read from rows and queues at each scrape: name, help, label (empty for none).
GAUGES: Final[Mapping[str, tuple[str, str]]] = {
    "covalent_database_up": ("1 when the database answers.", ""),
    "covalent_redis_up": ("1 when Redis answers.", ""),
    "covalent_heartbeat_age_seconds": ("Since a process of this kind last showed that it works.", "process"),
    "covalent_relay_shards_led": ("Shards of chains that some relay leads, of 16.", ""),
    "covalent_clocks_overdue": ("Deadlines that are due and not acted on.", ""),
    "covalent_clocks_set_apart": ("Deadlines that broke their worker three times and wait for somebody.", ""),
    "covalent_clock_overdue_seconds": ("The longest that a due deadline waits.", ""),
    "covalent_deliveries_due": ("Messages that are due and not sent.", ""),
    "covalent_delivery_due_seconds": ("The longest that a due message waits.", ""),
    "covalent_checkpoint_waiting_seconds": ("The longest that an entry waits for a checkpoint.", "audience"),
    "covalent_chains_forked": (
        "Chains that contradict their checkpoint; nothing more is signed on them.",
        "",
    ),
    "covalent_frames_unsealed_seconds": ("The longest that readings wait to be sealed.", ""),
    "covalent_webhooks": ("Webhooks, by state.", "state"),
    "covalent_webhook_failing_seconds": ("The longest that a webhook's tries fail without one taken.", ""),
    "covalent_webhook_due_seconds": ("The longest that an event waits for its first try.", ""),
    "covalent_queue_messages": ("Tasks that wait in the queue, and those taken and not ended.", "state"),
}


class Reading(NamedTuple):
    """A value of one of `GAUGES`."""

    name: str
    label: str
    value: float


# What a higher app adds to a scrape.
gauges: Final = Slot[[], Iterable[Reading]]("gauges")


class _Scraped(Collector):
    def __init__(self, readings: Iterable[Reading]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, label, value in self._readings:
            about, label_name = GAUGES[name]
            names = [label_name] if label_name else []
            family = families.setdefault(name, GaugeMetricFamily(name, about, labels=names))
            family.add_metric([label] if label_name else [], value)
        yield from families.values()


def exposition(readings: Iterable[Reading]) -> bytes:
    """Return everything in the text format: this machine's web processes, then the readings."""
    scraped = CollectorRegistry(auto_describe=False)
    scraped.register(_Scraped(readings))
    return generate_latest(_processes()) + generate_latest(scraped)


def _processes() -> CollectorRegistry:
    folder = os.environ.get(FOLDER)
    if not folder:
        return REGISTRY
    for pid in {path.stem.rpartition("_")[2] for path in Path(folder).glob("gauge_live*.db")}:
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid)  # type: ignore[no-untyped-call]  # shipped without types
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # likewise
    return together


def note_pool() -> None:
    """Take down how this process's database connections stand."""
    connections = getattr(connection, "pool", None)
    if connections is None:
        return
    stats = connections.get_stats()
    size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
    for state, value in (
        ("open", size),
        ("used", size - free),
        ("waited_for", stats.get("requests_waiting", 0)),
    ):
        pool.labels(state).set(value)
