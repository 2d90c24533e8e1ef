import hashlib
import json
from datetime import timedelta

import numpy as np
import pytest

from batches.access import SENDERS
from batches.actions.cycle import complete_batch, discontinue_batch
from batches.actions.readings import take_frame
from batches.columns import microseconds
from batches.digest import frame_digest
from batches.errors import BatchNotRunning
from batches.frames import FrameRefused, FrameTooLarge, FrameTypeRefused
from batches.models import Excursion, Frame, Latest, Reading
from batches.states import ParameterKind
from portal.action import reading
from portal.errors import NotFound, Refused
from portal.models import Alert
from tests.conftest import actor, entries_of, head_of
from tests.factories import batches as make
from tests.factories import cast
from tests.factories.alerts import rows_of

JSON = "application/json"
TEN = timedelta(seconds=10)


@pytest.fixture
def batch(database):
    return make.batch()


@pytest.fixture
def start():
    return make.now() - timedelta(minutes=10)


def stored(who, batch):
    with reading(who):
        rows = Reading.objects.visible_to(who).filter(batch=batch).order_by("parameter__code", "at")
        return [tuple(row) for row in rows.values_list("parameter__code", "at", "value", "audience")]


class TestStoring:
    def test_readings_are_stored_as_they_were_sent(self, batch, start, gateway):
        outcome = make.send(gateway, batch, [*make.course([36.5, 36.6], start=start), ("PH", start, 7.01)])
        assert (outcome.accepted, outcome.duplicates, outcome.refused) == (3, 0, [])
        assert stored(gateway, batch) == [
            ("PH", start, 7.01, "shared"),
            ("TEMP", start, 36.5, "shared"),
            ("TEMP", start + TEN, 36.6, "shared"),
        ]

    def test_the_first_reading_of_an_instant_stands(self, batch, start, gateway):
        make.send(gateway, batch, make.course([36.5, 36.6], start=start))
        again = make.send(gateway, batch, make.course([36.9, 36.6, 36.7], start=start))
        assert (again.accepted, again.duplicates) == (1, 2)
        assert [row[2] for row in stored(gateway, batch)] == [36.5, 36.6, 36.7]
        nothing = make.send(gateway, batch, make.course([36.5], start=start))
        assert (nothing.accepted, nothing.duplicates) == (0, 1)

    def test_bad_rows_are_named_and_their_neighbours_kept(self, batch, start, gateway):
        body = json.dumps(
            {
                "readings": [
                    {"parameter": "TEMP", "at": start.isoformat(), "value": 36.5},
                    {"parameter": "NONE", "at": start.isoformat(), "value": 1},
                    {"parameter": "TEMP", "at": "2026-03-01T08:00:00", "value": 36.5},
                    {"parameter": "TEMP", "at": start.isoformat(), "value": None},
                    {"parameter": "TEMP", "at": start.isoformat(), "value": 36.5, "unit": "K"},
                ]
            }
        ).encode()
        outcome = take_frame(gateway, batch.pk, body=body, media_type=JSON)
        assert (outcome.accepted, outcome.duplicates) == (1, 0)
        assert [(row["row"], row["code"]) for row in outcome.refused] == [
            (1, "unknown_parameter"),
            (2, "no_zone"),
            (3, "no_value"),
            (4, "wrong_unit"),
        ]

    def test_instants_are_taken_from_an_hour_before_the_start_to_five_minutes_ahead(self, batch, gateway):
        began, now = batch.started_at, make.now()
        outcome = make.send(
            gateway,
            batch,
            [
                ("TEMP", began - timedelta(hours=1), 36.5),
                ("TEMP", began - timedelta(hours=1, seconds=1), 36.5),
                ("TEMP", now + timedelta(minutes=4), 36.5),
                ("TEMP", now + timedelta(minutes=6), 36.5),
            ],
        )
        assert outcome.accepted == 2
        assert [(row["row"], row["code"]) for row in outcome.refused] == [(1, "too_early"), (3, "too_late")]

    def test_a_frame_of_refusals_alone_changes_nothing(self, batch, start, gateway):
        outcome = make.send(gateway, batch, [("NONE", start, 1.0)])
        assert (outcome.accepted, len(outcome.refused)) == (0, 1)
        with reading(gateway):
            assert Frame.objects.count() == 0

    @pytest.mark.parametrize(
        ("frame", "error", "code"),
        [
            ((b"{", JSON), FrameRefused, "broken_json"),
            ((b'{"readings": {}}', JSON), FrameRefused, "wrong_shape"),
            ((b"\xff\xfe", JSON), FrameRefused, "not_utf8"),
            ((b"a,b\n", "text/csv"), FrameRefused, "no_header"),
            ((b"", "application/xml"), FrameTypeRefused, "unsupported_media_type"),
            ((b" " * (16 * 1024 * 1024 + 1), JSON), FrameTooLarge, "too_large"),
        ],
    )
    def test_what_cannot_be_read_is_refused_whole(self, batch, gateway, frame, error, code):
        body, media_type = frame
        with pytest.raises(error) as refused:
            take_frame(gateway, batch.pk, body=body, media_type=media_type)
        assert refused.value.problem_code == code

    def test_ndjson_and_csv_say_the_same(self, batch, start, gateway):
        line = json.dumps({"parameter": "TEMP", "at": start.isoformat(), "value": 36.5}) + "\n"
        table = f"parameter,at,value\nPH,{start.isoformat()},7.0\n"
        first = take_frame(gateway, batch.pk, body=line.encode(), media_type="application/x-ndjson")
        second = take_frame(gateway, batch.pk, body=table.encode(), media_type="text/csv; charset=utf-8")
        assert (first.accepted, second.accepted) == (1, 1)

    def test_no_entry_is_written_for_calm_readings(self, batch, start, gateway):
        head = head_of(cast.PROGRAM)
        make.send(gateway, batch, make.course([36.5] * 5, start=start))
        assert head_of(cast.PROGRAM) == head


class TestWho:
    @pytest.mark.parametrize("role", sorted(cast.PEOPLE))
    def test_senders_send_others_are_refused(self, batch, start, role):
        who = actor(role)
        if role in ("rival_sponsor_qa", "cdmo_admin"):
            with pytest.raises(NotFound):
                make.send(who, batch, [("TEMP", start, 36.5)])
        elif who.holds(cast.PROGRAM, *SENDERS):
            assert make.send(who, batch, [("TEMP", start, 36.5)]).accepted == 1
        else:
            with pytest.raises(Refused, match="send readings"):
                make.send(who, batch, [("TEMP", start, 36.5)])

    def test_a_batch_takes_readings_only_while_it_is_in_process(self, database, start, gateway, cdmo_qa):
        planned = make.batch(number="B-2", running=None)
        done = complete_batch(cdmo_qa, make.batch(number="B-3").pk, version=1)
        stopped = discontinue_batch(cdmo_qa, make.batch(number="B-4").pk, version=1)
        for batch in (planned, done, stopped):
            with pytest.raises(BatchNotRunning, match=batch.number) as refused:
                make.send(gateway, batch, [("TEMP", start, 36.5)])
            assert (refused.value.status, refused.value.problem_code) == (409, "batch_not_running")

    def test_the_sponsor_never_reads_what_is_internal_to_the_cdmo(self, batch, start, gateway, sponsor_qa):
        make.send(gateway, batch, [("LOAD", start, 95.0), ("TEMP", start, 36.5)])
        assert [row[0] for row in stored(sponsor_qa, batch)] == ["TEMP"]
        assert [row[0] for row in stored(gateway, batch)] == ["LOAD", "TEMP"]
        assert make.excursions(sponsor_qa, batch) == []
        assert len(make.excursions(gateway, batch)) == 1
        with reading(sponsor_qa):
            assert Frame.objects.count() == 1
            assert Latest.objects.count() == 1
            assert Alert.objects.count() == 0
        assert entries_of(cast.PROGRAM, "manufacturer")[-1][1] == "excursion.opened"

    def test_a_rival_reads_nothing(self, batch, start, gateway, rival_sponsor_qa):
        make.send(gateway, batch, [("TEMP", start, 38.0)])
        assert stored(rival_sponsor_qa, batch) == []
        assert make.excursions(rival_sponsor_qa, batch) == []


class TestDigest:
    def test_each_audience_has_its_digest_of_the_new_readings(self, batch, start, gateway):
        make.send(gateway, batch, make.course([36.5], start=start))
        make.send(gateway, batch, [*make.course([36.5, 36.6], start=start), ("LOAD", start, 50.0)])
        with reading(gateway):
            frames = {
                frame.audience: frame for frame in Frame.objects.filter(batch=batch).order_by("received_at")
            }
            ids = set(Reading.objects.filter(batch=batch).values_list("parameter__code", "frame_id"))
        at = np.array([microseconds(start + TEN)])
        assert bytes(frames["shared"].digest) == frame_digest({"TEMP": (at, np.array([36.6]))})
        assert (frames["shared"].rows, frames["manufacturer"].rows) == (1, 1)
        assert ("LOAD", frames["manufacturer"].pk) in ids
        assert frames["shared"].person_id == gateway.person_id
        assert len(hashlib.sha256().digest()) == len(bytes(frames["shared"].digest))


class TestLatest:
    def test_the_newest_value_stands_whatever_the_order(self, batch, start, gateway):
        make.send(gateway, batch, make.course([36.5, 36.6], start=start))
        make.send(gateway, batch, [("TEMP", start - TEN, 36.1)])
        with reading(gateway):
            latest = Latest.objects.get(batch=batch)
        assert (latest.at, latest.value) == (start + TEN, 36.6)

    def test_the_trace_keeps_the_last_value_of_each_of_the_last_buckets(self, batch, start, gateway):
        every = timedelta(seconds=30)
        first = [36 + number / 100 for number in range(40)]
        make.send(gateway, batch, make.course(first, start=batch.started_at, every=every))
        later = batch.started_at + 40 * every
        make.send(gateway, batch, make.course([36.5] * 19 + [36.69], start=later, every=every))
        with reading(gateway):
            latest = Latest.objects.get(batch=batch)
        assert len(latest.trace) == len(latest.trace_at) == 48
        assert latest.trace[-1] == 36.69
        assert latest.trace_at == sorted(set(latest.trace_at))
        assert latest.trace_at[-1] == microseconds(latest.at) // 1000


class TestAlerts:
    def test_a_critical_parameter_outside_its_range_alerts_both_sides_once(self, batch, start, gateway):
        make.send(gateway, batch, make.course([36.5, 38.0], start=start))
        make.send(gateway, batch, make.course([38.2, 38.4], start=start + 2 * TEN))
        make.send(gateway, batch, make.course([38.2, 36.5], start=start + 4 * TEN))
        with reading(gateway):
            alerts = list(Alert.objects.order_by("side").values_list("side", "kind", "clause", "title"))
            excursion = Excursion.objects.get(limit_kind="par")
        title = "B-1: Temperature above PAR (37.5 °C)"
        assert alerts == [
            ("manufacturer", "excursion.par", "5.7", title),
            ("sponsor", "excursion.par", "5.7", title),
        ]
        assert excursion.alerted_at is not None

    def test_nor_and_action_limits_alert_nobody(self, batch, start, gateway):
        make.send(gateway, batch, make.course([37.4, 37.4], start=start))
        with reading(gateway):
            assert sorted(Excursion.objects.values_list("limit_kind", flat=True)) == ["action", "nor"]
            assert Alert.objects.count() == 0

    def test_a_range_of_a_parameter_that_is_not_critical_alerts_nobody(self, database, start, gateway):
        calm = make.temperature(make.limit("par", 35, 37), kind="kpp")
        batch = make.batch(of=make.recipe(measured=[calm]))
        make.send(gateway, batch, make.course([38.0], start=start))
        with reading(gateway):
            assert (Excursion.objects.count(), Alert.objects.count()) == (1, 0)

    def test_of_a_patient_lot_an_action_limit_alerts_both_sides_once_and_wakes(
        self, database, start, gateway, settings
    ):
        settings.QUIET = "00:00-23:59 weekends"
        lot = make.batch(number="P-1", is_patient_lot=True)
        # Beyond action, then beyond PAR: one episode.
        make.send(gateway, lot, make.course([37.4], start=start))
        make.send(gateway, lot, make.course([37.4, 38.0], start=start + TEN))
        with reading(gateway):
            found = list(Alert.objects.filter(kind="patient_lot").order_by("side"))
        assert [(each.side, each.clause, str(each.title)) for each in found] == [
            ("manufacturer", "5.4", "P-1: Temperature above action limit (37.3 °C)"),
            ("sponsor", "5.4", "P-1: Temperature above action limit (37.3 °C)"),
        ]
        for each in found:
            rows = rows_of(each)
            assert {message.next_at - each.raised_at for message in rows["deliveries"]} == {timedelta(0)}
            assert [step["wakes"] for step in rows["clock"].plan] == [True, True]

    def test_the_last_sample_of_a_lot_that_ended_long_ago_wakes_nobody(self, database, gateway):
        sample = make.temperature(make.limit("action", low=80), code="VIAB", expected_interval_s=86_400)
        recipe = make.recipe(number="MBR-P", measured=[sample])
        lot = make.batch(number="P-1", of=recipe, running=timedelta(days=9), is_patient_lot=True)
        make.send(gateway, lot, [("VIAB", make.now() - timedelta(days=4), 75.0)])
        with reading(gateway):
            assert (Excursion.objects.count(), Alert.objects.count()) == (1, 0)
        make.send(gateway, lot, [("VIAB", make.now() - timedelta(days=1), 74.0)])
        with reading(gateway):
            assert {each.kind for each in Alert.objects.all()} == {"patient_lot"}

    def test_of_a_patient_lot_what_is_only_monitored_alerts_nobody(self, database, start, gateway):
        watched = make.temperature(make.limit("action", high=37), code="ROOM", kind=ParameterKind.OTHER)
        lot = make.batch(of=make.recipe(number="MBR-P", measured=[watched]), is_patient_lot=True)
        make.send(gateway, lot, make.course([38.0], code="ROOM", start=start))
        with reading(gateway):
            assert not Alert.objects.exists()

    def test_an_alert_waits_for_its_delay(self, database, start, gateway):
        slow = make.temperature(make.limit("par", 35, 37, delay_s=25))
        batch = make.batch(of=make.recipe(measured=[slow]))
        counts = []
        for place in range(4):
            make.send(gateway, batch, make.course([38.0], start=start + place * TEN))
            with reading(gateway):
                counts.append(Alert.objects.count())
        assert counts == [0, 0, 0, 2]

    def test_what_is_over_for_an_hour_alerts_nobody_and_stands_as_late(self, batch, gateway):
        long_ago = make.now() - timedelta(hours=3)
        make.send(gateway, batch, make.course([36.5, 38.0, 36.5], start=long_ago))
        with reading(gateway):
            excursion = Excursion.objects.get(limit_kind="par")
            assert Alert.objects.count() == 0
        assert (excursion.is_late, excursion.alerted_at, excursion.state) == (True, None, "closed")
        assert [name for name, _ in make.facts(excursion)] == ["excursion.opened"]

    def test_a_reading_in_time_makes_an_excursion_that_is_not_late(self, batch, gateway):
        make.send(gateway, batch, [("TEMP", make.now(), 38.0)])
        with reading(gateway):
            assert not Excursion.objects.get(limit_kind="par").is_late

    def test_the_alert_comes_first_in_the_stream(self, batch, start, gateway):
        make.send(gateway, batch, make.course([38.0], start=start))
        assert entries_of(cast.PROGRAM)[-1][1] == "alert.raised"


class TestNoting:
    def test_an_excursion_that_only_grows_is_noted_once_a_minute(self, batch, start, gateway):
        head = head_of(cast.PROGRAM)
        for place in range(13):
            make.send(gateway, batch, make.course([37.2], start=start + place * TEN))
        # Opened with the first, noted a minute and two minutes later.
        assert [entry[1] for entry in entries_of(cast.PROGRAM, after=head)] == [
            "excursion.opened",
            "excursion.extended",
            "excursion.extended",
        ]

    def test_it_is_shown_up_to_the_last_reading_all_the_same(self, batch, start, gateway):
        for place, value in enumerate([37.2, 37.25, 37.15]):
            make.send(gateway, batch, make.course([value], start=start + place * TEN))
        assert make.excursions(gateway, batch) == [
            ("TEMP", "nor", "high", start, start + 2 * TEN, None, 37.25, start + TEN, 3)
        ]

    def test_the_graver_limit_is_told_first(self, batch, start, gateway):
        make.send(gateway, batch, make.course([37.4], start=start))
        with reading(gateway):
            kinds = list(Excursion.objects.order_by("limit_kind").values_list("limit_kind", "title"))
        assert kinds == [
            ("action", "Temperature above action limit (37.3 °C)"),
            ("nor", "Temperature above NOR (37 °C)"),
        ]
        assert "action limit" in str(entries_of(cast.PROGRAM)[-1][2])
