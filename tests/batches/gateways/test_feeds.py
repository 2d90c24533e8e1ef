"""Feeds of site gateways over the interface: clock, chain, what was announced, who reads it."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection

from batches.gateways.chain import Sent, first_link
from batches.models import AnnouncedFrame, Frame, GatewayFeed, Reading
from batches.queries.gateways import list_gateways, marked_stretches
from portal.action import reading
from portal.actor import system_actor
from portal.models import Alert
from tests.factories import batches as make

HOUR = timedelta(hours=1)


@dataclass
class Gateway:
    """A gateway by the book: it keeps a chain and says what its clock says."""

    api: object
    batch: object
    device: str = "GW-1"
    chain: str = "a" * 32
    ahead: timedelta = timedelta(0)
    sequence: int = 0
    mark: str = ""
    link: bytes = field(init=False)

    def __post_init__(self):
        self.link = first_link(self.chain)

    def record(self, *rows, late=timedelta(0)):
        """A frame of the chain with what is said of it; `late` ago by its clock."""
        self.sequence += 1
        at = make.now() + self.ahead - late
        body = make.frame(*rows)
        sent = Sent(self.device, self.chain, self.sequence, self.link, at, make.now() + self.ahead, self.mark)
        self.link = sent.link(body)
        return sent, body

    def send(self, sent, body, key="gateway", **headers):
        said = {
            "Gateway-Device": sent.device,
            "Gateway-Chain": sent.chain,
            "Gateway-Sequence": str(sent.sequence),
            "Gateway-Previous": sent.previous.hex(),
            "Gateway-Recorded": sent.recorded_at.isoformat(),
            "Gateway-Clock": sent.clock.isoformat(),
            "Gateway-Mark": sent.mark,
        } | headers
        url = f"/api/v1/batches/{self.batch.pk}/frames/"
        return self.api(key).post(url, body, content_type="application/json", headers=said)

    def beat(self, *announced, waiting=0, lost=0, key="gateway"):
        body = {
            "device": self.device,
            "chain": self.chain,
            "clock": (make.now() + self.ahead).isoformat(),
            "waiting": waiting,
            "lost": lost,
            "announced": [
                {"sequence": sent.sequence, "link": sent.link(body).hex()} for sent, body in announced
            ],
        }
        url = f"/api/v1/batches/{self.batch.pk}/heartbeat/"
        answer = self.api(key).post(url, body, content_type="application/json")
        if answer.status_code == 200:
            self.mark = answer.json()["mark"]
        return answer


@pytest.fixture
def batch(database):
    return make.batch()


@pytest.fixture
def gw(batch, api):
    return Gateway(api, batch)


def rows_of(model, batch):
    with reading(system_actor("watchdog", batch.space_id)) as watcher:
        rows = model.objects.visible_to(watcher).filter(batch_id=batch.pk)
        return list(rows.order_by("received_at" if model is Frame else "pk"))


def facts(batch):
    return [(name, payload) for name, payload in make.facts(batch) if name.startswith("feed.")]


def temp(at, value=36.5):
    return ("TEMP", at, value)


class TestClock:
    def test_a_gateway_whose_clock_is_right_is_followed_and_nothing_is_marked(self, gw, batch, cdmo_qa):
        assert gw.send(*gw.record(temp(make.now()))).json()["accepted"] == 1
        assert gw.beat().json()["clock"] == "right"
        (frame,) = rows_of(Frame, batch)
        assert (frame.device, frame.sequence, frame.skew_s, frame.proof) == ("GW-1", 1, None, "at_once")
        assert [name for name, _ in facts(batch)] == ["feed.began"]
        with reading(cdmo_qa):
            assert marked_stretches(cdmo_qa, batch.pk) == []
            (line,) = list_gateways(cdmo_qa)
        assert (line.device, line.sequence, line.clock, line.is_off, line.chain) == (
            "GW-1", 1, "right", False, "unbroken",
        )  # fmt: skip

    @pytest.mark.parametrize(("ahead", "words"), [(HOUR, "1 h ahead"), (-HOUR, "1 h behind")], ids=str)
    def test_one_an_hour_off_is_found_said_and_its_readings_keep_their_time(
        self, gw, ahead, words, cdmo_qa, sponsor_qa
    ):
        gw.ahead, batch = ahead, gw.batch
        at = (make.now() + ahead).replace(microsecond=0)
        assert gw.send(*gw.record(temp(at))).json() == {"accepted": 1, "duplicates": 0, "refused": []}
        (stored,) = rows_of(Reading, batch)
        assert stored.at == at
        for reader in (cdmo_qa, sponsor_qa):
            with reading(reader):
                (mark,) = marked_stretches(reader, batch.pk)
                (line,) = list_gateways(reader)
            assert (mark.since, mark.until, round(mark.skew_s, -2)) == (at, at, ahead.total_seconds())
            assert mark.words == (
                f"The clock of gateway GW-1 was {words}. The readings keep the time it gave them."
            )
            assert (line.clock, line.is_off) == (words, True)
        assert [name for name, _ in facts(batch)] == ["feed.clock_off", "feed.began"]
        with reading(cdmo_qa):
            (alert,) = Alert.objects.visible_to(cdmo_qa)
        assert (alert.kind, alert.side) == ("feed.clock", "manufacturer")
        assert alert.title == f"B-1: the clock of gateway GW-1 is {words}"

    def test_it_is_told_once_and_when_it_is_right_again(self, gw, batch, cdmo_qa):
        gw.ahead = HOUR
        for _ in range(3):
            gw.send(*gw.record(temp(make.now() + HOUR)))
            gw.beat()
        gw.ahead = timedelta(0)
        gw.send(*gw.record(temp(make.now())))
        assert [name for name, _ in facts(batch)] == ["feed.clock_off", "feed.began", "feed.clock_right"]
        with reading(cdmo_qa):
            assert Alert.objects.visible_to(cdmo_qa).count() == 1
        assert [each.skew_s is None for each in rows_of(Frame, batch)] == [False, False, False, True]

    def test_readings_ahead_of_time_are_refused_where_no_gateway_says_its_clock_is(self, gw, batch, api):
        body = make.frame(temp(make.now() + HOUR))
        plain = api("gateway").post(
            f"/api/v1/batches/{batch.pk}/readings/", body, content_type="application/json"
        )
        assert [each["code"] for each in plain.json()["refused"]] == ["too_late"]
        right = gw.send(*gw.record(temp(make.now() + HOUR)))
        assert [each["code"] for each in right.json()["refused"]] == ["too_late"]

    def test_a_frame_recorded_by_a_wrong_clock_is_marked_when_it_comes_after_the_clock_was_set(
        self, gw, batch
    ):
        gw.ahead = -HOUR
        waited = gw.record(temp(make.now() - HOUR), late=timedelta(minutes=30))
        gw.ahead = timedelta(0)
        gw.beat(waited)
        gw.send(*waited)
        gw.send(*gw.record(temp(make.now())))
        assert [(each.skew_s is not None, each.proof) for each in rows_of(Frame, batch)] == [
            (True, "fixed"), (False, "at_once"),
        ]  # fmt: skip
        assert [name for name, _ in facts(batch)].count("feed.clock_off") == 1


class TestChain:
    def test_an_alert_names_its_entry_also_when_its_feed_begins_with_it(self, gw, batch):
        gw.send(*gw.record(temp(make.now(), 39.0)))
        with reading(system_actor("relay", batch.space_id)), connection.cursor() as cursor:
            cursor.execute(
                "select kind, is_news from ledger.entry where space_id = %s and audience = 'shared'"
                " order by seq desc limit 1",
                [batch.space_id],
            )
            assert cursor.fetchone() == ("alert.raised", True)
        assert [name for name, _ in facts(batch)] == ["feed.began"]

    def test_a_late_frame_that_was_announced_in_time_is_witnessed(self, gw, batch, clock):
        gw.beat()
        waited = gw.record(temp(make.now()))
        gw.beat(waited, waiting=1)
        assert len(rows_of(AnnouncedFrame, batch)) == 1
        clock.move(timedelta(minutes=30))
        sent, body = waited
        later = Sent(
            **{name: getattr(sent, name) for name in sent.__slots__} | {"clock": sent.clock + HOUR / 2}
        )
        assert gw.send(later, body).json()["accepted"] == 1
        (frame,) = rows_of(Frame, batch)
        assert frame.proof == "witnessed"
        assert frame.announced_at - frame.recorded_at < timedelta(seconds=30)
        assert frame.marked_at <= frame.announced_at
        assert rows_of(AnnouncedFrame, batch) == []

    def test_one_that_was_changed_while_it_waited_is_taken_and_named(self, gw, batch, cdmo_qa):
        sent, body = gw.record(temp(make.now(), 38.0))
        gw.beat((sent, body), waiting=1)
        forged = make.frame(temp(make.now(), 36.5))
        assert gw.send(sent, forged).json()["accepted"] == 1
        (frame,) = rows_of(Frame, batch)
        assert frame.proof == "altered"
        assert facts(batch)[-1] == (
            "feed.broken",
            {"batch_id": str(batch.pk), "device": "GW-1", "last": "0", "sequence": "1", "proof": "altered"},
        )
        with reading(cdmo_qa):
            (mark,) = marked_stretches(cdmo_qa, batch.pk)
        assert mark.words == "Gateway GW-1 sent something else than it had announced."

    def test_what_was_announced_first_stands(self, gw, batch):
        sent, body = gw.record(temp(make.now(), 38.0))
        forged = make.frame(temp(make.now(), 36.5))
        gw.beat((sent, body))
        gw.beat((sent, forged))
        assert [bytes(each.link) for each in rows_of(AnnouncedFrame, batch)] == [sent.link(body)]

    def test_a_frame_that_is_missing_is_noticed_with_the_next_one(self, gw, batch):
        gw.send(*gw.record(temp(make.now())))
        gw.record(temp(make.now()))
        gw.send(*gw.record(temp(make.now())))
        assert [each.proof for each in rows_of(Frame, batch)] == ["at_once", "broken"]
        assert facts(batch)[-1][1] | {"batch_id": ""} == {
            "batch_id": "", "device": "GW-1", "last": "1", "sequence": "3", "proof": "broken",
        }  # fmt: skip

    def test_a_doubled_frame_moves_nothing(self, gw, batch):
        first = gw.record(temp(make.now()))
        gw.send(*first)
        gw.send(*gw.record(temp(make.now())))
        told = facts(batch)
        assert gw.send(*first).json() == {"accepted": 0, "duplicates": 1, "refused": []}
        (feed,) = rows_of(GatewayFeed, batch)
        assert (feed.sequence, bytes(feed.link), feed.breaks) == (2, gw.link, 0)
        assert facts(batch) == told

    def test_a_gateway_that_lost_its_queue_begins_anew_and_that_is_a_break(self, gw, batch, api):
        gw.send(*gw.record(temp(make.now())))
        other = Gateway(api, batch, chain="b" * 32)
        other.send(*other.record(temp(make.now())))
        (feed,) = rows_of(GatewayFeed, batch)
        assert (feed.chain, feed.sequence, feed.breaks) == ("b" * 32, 1, 1)
        assert [name for name, _ in facts(batch)] == ["feed.began", "feed.began", "feed.broken"]

    def test_readings_that_found_no_room_are_counted_once(self, gw, batch):
        gw.beat(lost=12)
        gw.beat(lost=12)
        gw.beat(lost=20)
        assert [payload["readings"] for name, payload in facts(batch) if name == "feed.lost"] == ["12", "8"]


class TestDoor:
    def test_a_frame_that_does_not_say_where_it_comes_from_is_refused_and_each_fault_named(self, gw):
        answer = gw.send(
            *gw.record(temp(make.now())),
            **{
                "Gateway-Device": "<b>",
                "Gateway-Sequence": "0",
                "Gateway-Clock": "noon",
                "Gateway-Previous": "x",
            },
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_gateway_header")
        assert set(answer.json()["errors"]) == {
            "Gateway-Device", "Gateway-Sequence", "Gateway-Clock", "Gateway-Previous",
        }  # fmt: skip

    def test_only_who_sends_readings_beats_and_the_rival_finds_no_batch(self, gw, api):
        assert gw.beat(key="sponsor_system").status_code == 403
        assert gw.beat(key="rival_system").status_code in (403, 404)
        assert api("rival_system").get("/api/v1/gateways/").json()["results"] == []

    def test_the_list_shows_each_feed_to_both_sides_of_its_program(self, gw, api, batch):
        gw.send(*gw.record(temp(make.now())))
        for key in ("cdmo_system", "sponsor_system"):
            (row,) = api(key).get(f"/api/v1/gateways/?batch={batch.pk}").json()["results"]
            assert (row["device"], row["sequence"], row["clock"], row["chain"]) == (
                "GW-1", 1, "right", "unbroken",
            )  # fmt: skip

    def test_the_series_names_what_is_marked(self, gw, api, batch):
        gw.ahead = -HOUR
        gw.send(*gw.record(temp(make.now() - HOUR)))
        found = api("sponsor_system").get(f"/api/v1/batches/{batch.pk}/series/?parameter=TEMP").json()
        (mark,) = found["marks"]
        assert (mark["device"], round(mark["skew_s"], -2)) == ("GW-1", -3600)

    def test_the_pages_say_it_to_both_sides(self, gw, batch, signed_in):
        gw.ahead = HOUR
        gw.send(*gw.record(temp(make.now() + HOUR)))
        for key in ("cdmo_qa", "sponsor_qa"):
            page = signed_in(key).get("/integrations/").content.decode()
            assert "GW-1" in page
            assert "1 h ahead" in page
            shown = signed_in(key).get(f"/batches/{batch.pk}/").content.decode()
            assert "The clock of gateway GW-1 was 1 h ahead." in shown
            assert "ahead of time" in shown
        assert "GW-1" not in signed_in("rival_sponsor_qa").get("/integrations/").content.decode()
