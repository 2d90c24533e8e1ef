"""From commit to fifty sockets: the short form of the benchmark, with room for a busy machine."""

import os

import pytest

from portal.benchmarks import live


@pytest.mark.slow
def test_fifty_sockets_hear_an_entry_at_once(own_database, monkeypatch):
    for name, value in own_database.environment().items():
        monkeypatch.setitem(os.environ, name, value)
    rows = live.run(events=int(os.environ.get("COVALENT_BENCH_EVENTS", "60")))
    median, worst = rows
    assert median["value"] < 30
    assert worst["value"] < 250
