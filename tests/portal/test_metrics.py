"""What operators see: every promised measure, nothing of anybody, and nothing without the token."""

import re
import shutil
import subprocess
from datetime import timedelta

import pytest
import yaml
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from config.bootstrap.places import ROOT
from portal import metrics
from portal.api.throttling import PerKey
from portal.tasks import publish as publish_all
from portal.tasks import publish_chain
from tests.factories import cast
from tests.factories.alerts import raised
from tests.factories.chains import PRIVATE, SHARED, grow, publish

TOKEN = "a-token-of-the-operators"
RULES = ROOT / "config/alerts.yml"
# What Prometheus itself knows of a scrape.
ITS_OWN = {"up"}
LABELS = {"route", "status", "le", "reason", "rate", "state", "process", "audience", "outcome"}


@pytest.fixture
def scrape(settings):
    settings.METRICS_TOKEN = TOKEN

    def get(token=TOKEN, client=None):
        return (client or Client()).get("/metrics", headers={"Authorization": f"Bearer {token}"})

    return get


def samples(answer):
    """Every sample of a scrape: (name, labels) to value."""
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
        if family.name.startswith("covalent_")
    }


def value(answer, name, **labels):
    return samples(answer)[name, tuple(sorted(labels.items()))]


def move(clock, seconds):
    clock.move(timedelta(seconds=seconds))


@pytest.mark.parametrize("token", ["", "another-token", TOKEN[:-1], TOKEN + "x", "ä"])
def test_without_its_token_there_is_no_such_address(database, scrape, token):
    assert scrape(token).status_code == 404


def test_without_a_token_in_the_settings_nobody_may_read_it(database, scrape, settings):
    settings.METRICS_TOKEN = ""
    assert scrape("").status_code == 404


@pytest.mark.parametrize("key", ["cdmo_admin", "sponsor_qa", "rival_sponsor_qa"])
def test_no_person_is_let_in_by_who_they_are(database, scrape, settings, signed_in, key):
    assert signed_in(key).get("/metrics").status_code == 404


def test_every_gauge_that_is_promised_is_exported(database, scrape):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_heartbeat (process, seen_at) values ('worker', portal.instant()),"
            " ('relay', portal.instant()) on conflict do nothing"
        )
    exported = {name for name, _ in samples(scrape())}
    assert set(metrics.GAUGES) - exported == set()


def test_no_label_names_anybody_or_anything(database, scrape, api):
    api("sponsor_system").get(f"/api/v1/events/?program={cast.PROGRAM}&audience=shared&after=0")
    Client().get(f"/nowhere/{cast.PROGRAM}/DEV-2026-0113/")
    raised()
    answer = scrape()
    assert {name for _, labels in samples(answer) for name, _ in labels} <= LABELS
    values = {value for _, labels in samples(answer) for _, value in labels}
    assert [each for each in values if re.search(r"[0-9a-f]{8}-|/|DEV-|OURS", each)] == []
    assert "none" in values


def test_each_answer_is_counted_by_route_and_status_class(database, scrape, client):
    def count(route, status):
        found = samples(scrape())
        return found.get(("covalent_http_seconds_count", (("route", route), ("status", status))), 0)

    before = count("healthz", "2xx"), count("none", "4xx")
    client.get("/healthz")
    client.get("/nowhere/")
    assert (count("healthz", "2xx"), count("none", "4xx")) == (before[0] + 1, before[1] + 1)


def test_a_deadline_and_a_message_that_nobody_acts_on_grow_old_before_all_eyes(database, scrape, clock):
    raised()
    assert value(scrape(), "covalent_clocks_overdue") == 0
    move(clock, 3600)
    answer = scrape()
    assert value(answer, "covalent_clocks_overdue") == 1
    assert 3300 < value(answer, "covalent_clock_overdue_seconds") < 3600
    assert value(answer, "covalent_deliveries_due") >= 1
    assert 3500 < value(answer, "covalent_delivery_due_seconds") < 3700


def test_entries_that_wait_for_a_checkpoint_are_told_by_kind_of_chain(database, scrape, clock):
    grow(PRIVATE)
    publish_all()
    waits = {kind: value(scrape(), "covalent_checkpoint_waiting_seconds", audience=kind)
             for kind in ("shared", "manufacturer", "sponsor")}  # fmt: skip
    grow(SHARED)
    move(clock, 500)
    answer = scrape()
    assert 500 <= value(answer, "covalent_checkpoint_waiting_seconds", audience="shared") < 600
    assert waits["sponsor"] == 0


def test_a_fork_is_counted_as_long_as_it_is_told(own_database, scrape):
    grow(times=3)
    publish()
    with own_database.connect("owner") as raw:
        raw.execute("update ledger.entry set leaf_hash = sha256('x') where seq = 1 and space_id = %s",
                    [SHARED.space_id])  # fmt: skip
    assert value(scrape(), "covalent_chains_forked") == 0
    grow()
    assert publish_chain(space_id=SHARED.space_id, audience="shared") == 0
    assert value(scrape(), "covalent_chains_forked") == 1
    with own_database.connect("owner") as raw:
        raw.execute("update portal_heartbeat set seen_at = seen_at - interval '11 minutes'")
    assert value(scrape(), "covalent_chains_forked") == 0


def test_a_rate_limit_that_was_hit_is_counted(database, scrape, settings, api):
    settings.RATE_LIMITS = {"default": 1, "readings": 1}
    PerKey._buckets.clear()
    before = samples(scrape()).get(("covalent_throttled_total", (("rate", "default"),)), 0)
    answers = [api("sponsor_system").get("/api/v1/programs/").status_code for _ in range(2)]
    PerKey._buckets.clear()
    assert answers == [200, 429]
    assert value(scrape(), "covalent_throttled_total", rate="default") == before + 1


def test_a_wrong_password_is_counted(database, scrape, client):
    def counted(outcome):
        return samples(scrape()).get(("covalent_guesses_total", (("outcome", outcome),)), 0)

    before = counted("judged"), counted("right")
    client.post("/account/login/", {"login": cast.EMAILS["cdmo_qa"], "password": "wrong"})
    assert (counted("judged"), counted("right")) == (before[0] + 1, before[1])


def test_without_redis_the_rest_is_told(database, scrape, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = scrape()
    assert (value(answer, "covalent_redis_up"), value(answer, "covalent_database_up")) == (0, 1)


def test_the_queue_is_counted(database, scrape):
    import redis
    from django.conf import settings as product

    client = redis.Redis.from_url(product.REDIS_URL)
    known = client.llen("covalent")
    client.rpush("covalent", "not a task")
    try:
        assert value(scrape(), "covalent_queue_messages", state="waiting") == known + 1
    finally:
        client.lrem("covalent", 1, "not a task")


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_every_alert_watches_what_is_exported_and_every_gauge_has_an_alert():
    exported = set(metrics.GAUGES) | {
        name
        for family in (metrics.http_seconds, metrics.guesses, metrics.throttled, metrics.sockets,
                       metrics.hub_lag, metrics.pool)
        for name in _names_of(family)
    }  # fmt: skip
    watched = {name for rule in rules() for name in re.findall(r"\b(covalent_\w+|up)\b", rule["expr"])}
    assert watched - ITS_OWN - exported == set()
    assert set(metrics.GAUGES) - watched == set()


def _names_of(family):
    kind, name = family._type, family._name
    endings = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}[kind]
    return [name + ending for ending in endings]


def test_every_alert_says_how_bad_and_what_it_means():
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".") or rule["annotations"]["summary"].endswith("?")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_prometheus_takes_the_rules():
    ran = subprocess.run(
        [shutil.which("promtool"), "check", "rules", str(RULES)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
