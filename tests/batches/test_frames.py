import json
import math
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.frame_rows import MAX_ECHO, Terms, _all_at_once, _one_by_one
from batches.frames import MAX_BYTES, MAX_ROWS, FrameRefused, FrameTooLarge, FrameTypeRefused, parse_frame
from batches.instants import EPOCH, InstantReader, NoOffset, exact_us, iso

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
UNITS = {"TEMP": "°C", "PH": "", "DO": "%"}
EIGHT = "2026-03-01T08:00:00Z"
EIGHT_US = 1_772_352_000_000_000
HOUR_US = 3_600_000_000
GOOD = {"parameter": "TEMP", "at": EIGHT, "value": 37.1}
DATA = Path(os.environ.get("COVALENT_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
NAUGHTY = DATA / "naughty-inputs"


def take(body, media_type=JSON, *, units=UNITS, earliest_us=EIGHT_US - HOUR_US, latest_us=EIGHT_US + HOUR_US):
    if isinstance(body, str):
        body = body.encode()
    return parse_frame(body, media_type, units=units, earliest_us=earliest_us, latest_us=latest_us)


def frame_or_refusal(body, media_type):
    try:
        return take(body, media_type)
    except FrameRefused as refused:
        return refused


def as_json(*rows):
    return json.dumps({"readings": list(rows)}).encode()


def as_ndjson(*rows):
    return b"\n".join(json.dumps(row).encode() for row in rows)


def one_row(**changed):
    row = {**GOOD, **changed}
    return {field: given for field, given in row.items() if given is not ...}


def columns(frame):
    return list(zip(frame.parameters, frame.at_us.tolist(), frame.values.tolist(), strict=True))


def codes(frame):
    return [(refusal["row"], refusal["code"]) for refusal in frame.refused]


def code_of_the_only_row(row):
    frame = take(as_json(row))
    assert columns(frame) == []
    [refusal] = frame.refused
    assert refusal["row"] == 0
    return refusal["code"]


class TestForms:
    EXPECTED = [("TEMP", EIGHT_US, 37.1), ("PH", EIGHT_US + 1_000_000, 7.0)]

    def test_json_gives_columns_in_the_order_sent(self):
        frame = take(as_json(GOOD, {"parameter": "PH", "at": "2026-03-01T08:00:01Z", "value": 7}))
        assert columns(frame) == self.EXPECTED
        assert (frame.rows.tolist(), frame.duplicates, frame.refused) == ([0, 1], 0, [])
        assert (frame.at_us.dtype, frame.values.dtype) == (np.int64, np.float64)

    def test_ndjson_skips_blank_lines_and_takes_any_line_end(self):
        body = (
            as_ndjson(GOOD)
            + b"\r\n\r\n  \n"
            + as_ndjson({"parameter": "PH", "at": "2026-03-01T08:00:01Z", "value": 7})
        )
        assert columns(take(body + b"\n", NDJSON)) == self.EXPECTED

    @pytest.mark.parametrize(
        "text",
        [
            "parameter,at,value\nTEMP,2026-03-01T08:00:00Z,37.1\nPH,2026-03-01T08:00:01Z,7\n",
            "value,at,parameter\r\n37.1,2026-03-01T08:00:00Z,TEMP\r\n\r\n7,2026-03-01T08:00:01Z,PH",
            'at,"parameter",value\n2026-03-01T08:00:00Z,TEMP,3.71e1\n2026-03-01T08:00:01Z,"PH","7."\n',
            "\ufeffunit,parameter,at,value\n°C,TEMP,2026-03-01T08:00:00Z,37.1\n,PH,2026-03-01T08:00:01Z,+7.0\n",
        ],
    )
    def test_csv_takes_the_columns_in_any_order(self, text):
        assert columns(take(text, "text/csv; charset=UTF-8")) == self.EXPECTED

    @pytest.mark.parametrize(
        ("body", "media_type"),
        [('{"readings":[]}', JSON), ("", NDJSON), ("\n\n", NDJSON), ("parameter,at,value\n", CSV)],
    )
    def test_a_frame_without_readings_is_no_fault(self, body, media_type):
        frame = take(body, media_type)
        assert (columns(frame), frame.duplicates, frame.refused) == ([], 0, [])

    def test_a_byte_order_mark_is_passed_over(self):
        assert columns(take(b"\xef\xbb\xbf" + as_json(GOOD))) == self.EXPECTED[:1]

    def test_a_unit_that_is_the_parameters_own_is_taken(self):
        assert columns(take(as_json(one_row(unit="°C"), one_row(at="2026-03-01T08:00:01Z")))) == [
            ("TEMP", EIGHT_US, 37.1),
            ("TEMP", EIGHT_US + 1_000_000, 37.1),
        ]

    def test_readings_are_grouped_by_parameter_and_sorted_by_time(self):
        later = one_row(at="2026-03-01T08:00:05Z", value=38)
        grouped = take(as_json(later, one_row(parameter="DO", value=40), GOOD)).by_parameter()
        assert list(grouped) == ["TEMP", "DO"]
        at_us, values = grouped["TEMP"]
        assert (at_us.tolist(), values.tolist()) == ([EIGHT_US, EIGHT_US + 5_000_000], [37.1, 38.0])


class TestWholeFrames:
    @pytest.mark.parametrize(
        ("body", "media_type", "code"),
        [
            ("", JSON, "broken_json"),
            ('{"readings":[{"parameter":"TEMP",]}', JSON, "broken_json"),
            ('{"readings":[]} trailing', JSON, "broken_json"),
            ("[" * 100_000 + "]" * 100_000, JSON, "broken_json"),
            (b'{"readings":[{"parameter":"\xff"}]}', JSON, "not_utf8"),
            ('{"readings":[]}'.encode("utf-16"), JSON, "not_utf8"),
            ('{"readings":["\0"]}', JSON, "nul_character"),
            ("[]", JSON, "wrong_shape"),
            ("null", JSON, "wrong_shape"),
            ('{"readings":{}}', JSON, "wrong_shape"),
            ('{"readings":[],"batch":"B-1"}', JSON, "wrong_shape"),
            ("", CSV, "no_header"),
            ("TEMP,2026-03-01T08:00:00Z,37.1\n", CSV, "no_header"),
            ("parameter;at;value\n", CSV, "no_header"),
            ("parameter,at,value,value\n", CSV, "no_header"),
            ("parameter,at,value,sensor\n", CSV, "unknown_field"),
            ("parameter,at,value,unit,unit\n", CSV, "unknown_field"),
            ("parameter,at,value\0\n", CSV, "nul_character"),
            (b"parameter,at,v\xe4lue\n", CSV, "not_utf8"),
            ('parameter,at,"value\n', CSV, "bad_csv"),
        ],
    )
    def test_what_cannot_be_told_apart_is_refused_whole(self, body, media_type, code):
        with pytest.raises(FrameRefused) as refused:
            take(body, media_type)
        assert (refused.value.problem_code, refused.value.status) == (code, 400)

    def test_broken_json_is_named_by_line_and_column(self):
        with pytest.raises(FrameRefused, match=r"line 2, column 3"):
            take('{"readings":\n [}')

    @pytest.mark.parametrize(
        "media_type",
        ["", "text/plain", "application/xml", "multipart/form-data; boundary=x", "text/csv; charset=latin-1"],
    )
    def test_another_form_is_refused_and_the_accepted_ones_named(self, media_type):
        with pytest.raises(FrameTypeRefused, match=r"text/csv|UTF-8") as refused:
            take("", media_type)
        assert (refused.value.problem_code, refused.value.status) == ("unsupported_media_type", 415)

    @pytest.mark.parametrize("media_type", [JSON, NDJSON, CSV])
    def test_100_000_rows_are_taken_and_one_more_is_too_many(self, media_type):
        lines = [
            b'{"parameter":"TEMP","at":"2026-03-01T08:00:00.%06dZ","value":1}' % i
            for i in range(MAX_ROWS + 1)
        ]
        bodies = {
            JSON: lambda some: b'{"readings":[' + b",".join(some) + b"]}",
            NDJSON: b"\n".join,
            CSV: lambda some: (
                b"parameter,at,value\n" + b"\n".join(b"TEMP,%b,1" % line.split(b'"')[7] for line in some)
            ),
        }
        frame = take(bodies[media_type](lines[:-1]), media_type)
        assert (len(frame.rows), frame.duplicates, frame.refused) == (MAX_ROWS, 0, [])
        with pytest.raises(FrameTooLarge, match=r"100,001 rows; one frame may have 100,000") as refused:
            take(bodies[media_type](lines), media_type)
        assert (refused.value.problem_code, refused.value.status) == ("too_many_rows", 413)

    def test_more_than_16_mb_are_refused_with_the_limit(self):
        with pytest.raises(FrameTooLarge, match=r"16 MB \(16,777,216 bytes\)") as refused:
            take(b" " * (MAX_BYTES + 1))
        assert (refused.value.problem_code, refused.value.status) == ("too_large", 413)

    @pytest.mark.parametrize(
        ("unit", "media_type"), [(b"{},", JSON), (b"[],", JSON), (b" \n", NDJSON), (b",", CSV), (b"\r", CSV)]
    )
    def test_a_body_that_would_unfold_into_millions_of_parts_is_refused_before_it_is_read(
        self, unit, media_type
    ):
        with pytest.raises(FrameTooLarge, match="100,000 rows"):
            take(unit * (MAX_BYTES // len(unit)), media_type)

    def test_a_pretty_printed_frame_of_100_000_rows_stays_below_the_count_of_parts(self):
        row = '  {\r\n    "parameter": "TEMP",\r\n    "at": "x",\r\n    "value": 1,\r\n    "unit": ""\r\n  }'
        body = '{\r\n"readings": [' + ",\r\n".join([row] * MAX_ROWS) + "]}"
        assert len(take(body).refused) == MAX_ROWS


class TestRows:
    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"parameter": "TEMPERATURE"}, "unknown_parameter"),
            ({"parameter": "temp"}, "unknown_parameter"),
            ({"parameter": ...}, "unknown_parameter"),
            ({"parameter": None}, "unknown_parameter"),
            ({"parameter": ["TEMP"]}, "unknown_parameter"),
            ({"parameter": 7}, "unknown_parameter"),
            ({"parameter": "\ud800"}, "unknown_parameter"),
            ({"value": ...}, "no_value"),
            ({"value": None}, "no_value"),
            ({"value": ""}, "not_a_number"),
            ({"value": "37.1"}, "not_a_number"),
            ({"value": True}, "not_a_number"),
            ({"value": [37.1]}, "not_a_number"),
            ({"value": float("nan")}, "not_a_number"),
            ({"value": float("inf")}, "not_a_number"),
            ({"value": float("-inf")}, "not_a_number"),
            ({"value": 10**400}, "not_a_number"),
            ({"value": -(10**4000)}, "not_a_number"),
            ({"at": "2026-03-01T08:00:00"}, "no_zone"),
            ({"at": "2026-03-01"}, "no_zone"),
            ({"at": ...}, "bad_time"),
            ({"at": EIGHT_US}, "bad_time"),
            ({"at": ""}, "bad_time"),
            ({"at": "2026-02-30T08:00:00Z"}, "bad_time"),
            ({"at": "2026-03-01T08:00:60Z"}, "bad_time"),
            ({"at": "2026-03-01T08:00:00 Z Z"}, "bad_time"),
            ({"at": "\ud800026-03-01T08:00:00Z"}, "bad_time"),
            ({"at": "٢026-03-01T08:00:00Z"}, "bad_time"),
            ({"at": "2026-03-01T06:59:59.999999Z"}, "too_early"),
            ({"at": "0001-01-01T00:00:00+23:59"}, "too_early"),
            ({"at": "2026-03-01T09:00:00.000001Z"}, "too_late"),
            ({"at": "9999-12-31T23:59:59-23:59"}, "too_late"),
            ({"unit": "K"}, "wrong_unit"),
            ({"unit": "°c"}, "wrong_unit"),
            ({"unit": 7}, "wrong_unit"),
            ({"sensor": "TT-201"}, "unknown_field"),
            ({"parameter": "TE\0MP"}, "nul_character"),
            ({"at": EIGHT + "\0"}, "nul_character"),
            ({"value": "\0"}, "nul_character"),
            ({"unit": "\0"}, "nul_character"),
            ({"\0": 1}, "nul_character"),
        ],
    )
    def test_a_bad_row_is_refused_by_name_and_its_neighbours_are_kept(self, changed, code):
        before, after = one_row(value=1), one_row(value=2, at="2026-03-01T08:00:02Z")
        rows = (before, one_row(**changed), after)
        for frame in (take(as_json(*rows)), take(as_ndjson(*rows), NDJSON)):
            assert codes(frame) == [(1, code)]
            assert columns(frame) == [("TEMP", EIGHT_US, 1.0), ("TEMP", EIGHT_US + 2_000_000, 2.0)]
            assert frame.rows.tolist() == [0, 2]
            orjson.dumps(frame.refused)

    @pytest.mark.parametrize("row", [None, 7, "TEMP", [], [GOOD]])
    def test_a_row_that_is_no_object_is_refused(self, row):
        assert code_of_the_only_row(row) == "not_an_object"

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (b'{"parameter":"TEMP"', "bad_json"),
            (b"TEMP,37.1", "bad_json"),
            (as_ndjson(GOOD) * 2, "bad_json"),
            (b'{"parameter":"\xff"}', "not_utf8"),
            (b'{"parameter":"\0"}', "nul_character"),
            (b"[" * 5000, "bad_json"),
            (b"[]", "not_an_object"),
        ],
    )
    def test_a_broken_ndjson_line_leaves_the_others_standing(self, line, code):
        frame = take(b"\n".join([as_ndjson(GOOD), line, as_ndjson(one_row(parameter="DO"))]), NDJSON)
        assert codes(frame) == [(1, code)]
        assert frame.parameters == ["TEMP", "DO"]

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (b"TEMP,2026-03-01T08:00:01Z,", "no_value"),
            (b"TEMP,2026-03-01T08:00:01Z", "no_value"),
            (b'TEMP,2026-03-01T08:00:01Z,""', "no_value"),
            (b"TEMP,2026-03-01T08:00:01Z,  ", "no_value"),
            (b"TEMP,,37.1", "bad_time"),
            (b",2026-03-01T08:00:01Z,37.1", "unknown_parameter"),
            (b",,", "unknown_parameter"),
            (b"TEMP,2026-03-01T08:00:01Z,37,1", "unknown_field"),
            (b'TEMP,2026-03-01T08:00:01Z,"37,1"', "not_a_number"),
            (b'TEMP,2026-03-01T08:00:01Z,"1,234.5"', "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z,1 234.5", "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z, 37.1", "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z,1_000", "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z,0x25", "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z,nan", "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z,Infinity", "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z,1e999", "not_a_number"),
            (b"TEMP,2026-03-01T08:00:01Z,=1+1", "not_a_number"),
            ("TEMP,2026-03-01T08:00:01Z,٣٧".encode(), "not_a_number"),
            (b'TEMP,2026-03-01T08:00:01Z,"37.1', "bad_csv"),
            (b"TEMP,2026-03-01T08:00:01Z,37.1\xb0", "not_utf8"),
            (b"TEMP,2026-03-01T08:00:01Z,37.1\0", "nul_character"),
        ],
    )
    def test_a_bad_csv_line_leaves_the_others_standing(self, line, code):
        good = b"TEMP,2026-03-01T08:00:00Z,37.1"
        frame = take(b"\n".join([b"parameter,at,value", good, line, b"", good.replace(b"TEMP", b"DO")]), CSV)
        assert codes(frame) == [(1, code)]
        assert columns(frame) == [("TEMP", EIGHT_US, 37.1), ("DO", EIGHT_US, 37.1)]
        assert frame.rows.tolist() == [0, 2]

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"value": "37,1"}, "decimal point"),
            ({"value": "1 234"}, "leave out the spaces"),
            ({"value": "37.1"}, "without quotes"),
            ({"at": "2026-03-01T08:00:00"}, "has no offset; end it in Z or +02:00"),
            ({"at": "2027-03-01T08:00:00Z"}, "after the latest accepted, 2026-03-01T09:00:00Z"),
            ({"at": "2025-03-01T08:00:00Z"}, "before the earliest accepted, 2026-03-01T07:00:00Z"),
            ({"unit": "K"}, 'differs from the parameter\'s "°C"'),
            ({"value": None}, "never sent as zero"),
        ],
    )
    def test_a_refusal_says_what_would_be_accepted(self, changed, words):
        [refusal] = take(as_json(one_row(**changed))).refused
        assert words in refusal["detail"]

    def test_hostile_words_are_cut_and_made_harmless(self):
        hostile = "\u202e<script>\r\n\x1b[31m\u200b" + "A" * 20_000
        for field in ("parameter", "at", "value", "unit", hostile):
            [refusal] = take(as_json(one_row(**{field: hostile}))).refused
            echoed = refusal["detail"].split('"')[1]
            assert len(echoed) <= MAX_ECHO
            assert echoed.isprintable()
            assert len(refusal["detail"]) < 200

    @pytest.mark.parametrize("field", ["parameter", "at", "value", "unit"])
    def test_a_deeply_nested_field_is_refused_like_any_other(self, field):
        body = '{"readings":[{"parameter":"TEMP","at":"%s","value":1,"%s":%s}]}' % (  # noqa: UP031 - braces
            EIGHT,
            field,
            "[" * 900 + "]" * 900,
        )
        assert len(take(body).refused) == 1

    def test_both_ends_of_the_accepted_span_are_taken(self):
        rows = [one_row(at="2026-03-01T07:00:00Z"), one_row(at="2026-03-01T11:00:00+02:00")]
        assert take(as_json(*rows)).at_us.tolist() == [EIGHT_US - HOUR_US, EIGHT_US + HOUR_US]

    def test_a_second_reading_at_the_same_instant_is_a_duplicate_and_the_first_stands(self):
        rows = [GOOD, one_row(parameter="DO"), one_row(at="2026-03-01T09:00:00+01:00", value=99), GOOD, GOOD]
        frame = take(as_json(*rows))
        assert columns(frame) == [("TEMP", EIGHT_US, 37.1), ("DO", EIGHT_US, 37.1)]
        assert (frame.rows.tolist(), frame.duplicates, frame.refused) == ([0, 1], 3, [])

    def test_a_refused_row_is_no_first_of_a_duplicate(self):
        frame = take(as_json(one_row(value=None), GOOD))
        assert (columns(frame), frame.duplicates) == ([("TEMP", EIGHT_US, 37.1)], 0)
        assert codes(frame) == [(0, "no_value")]


ODD = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=8), st.just([]), st.just({})
)
PLAIN_ROWS = st.fixed_dictionaries(
    {
        "parameter": st.sampled_from(sorted(UNITS)),
        "at": st.integers(-1000, 1000).map(lambda s: iso(EIGHT_US + s * 1000)),
        "value": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**60), 2**60)),
    }
)
ODD_ROWS = st.dictionaries(st.sampled_from(["parameter", "at", "value", "unit", "x"]), ODD, max_size=4)
TERMS = Terms(UNITS, EIGHT_US - HOUR_US, EIGHT_US + HOUR_US)


class TestProperties:
    @given(st.lists(PLAIN_ROWS, max_size=30))
    def test_the_quick_way_and_the_careful_way_agree(self, rows):
        quick, careful = _all_at_once(rows, TERMS), _one_by_one(rows, TERMS)
        assert quick is not None
        assert careful.refused == []
        assert columns(quick) == columns(careful)
        assert quick.rows.tolist() == careful.rows.tolist()
        assert quick.duplicates == careful.duplicates

    @given(st.lists(st.one_of(PLAIN_ROWS, ODD_ROWS, ODD), max_size=20))
    def test_every_row_is_taken_or_a_duplicate_or_refused(self, rows):
        for body, form in ((as_json(*rows), JSON), (as_ndjson(*rows), NDJSON)):
            frame = take(body, form)
            assert len(frame.rows) + frame.duplicates + len(frame.refused) == len(rows)
            assert set(frame.rows.tolist()).isdisjoint(refusal["row"] for refusal in frame.refused)
            orjson.dumps(frame.refused)

    @given(st.lists(PLAIN_ROWS, max_size=20))
    def test_all_three_forms_give_the_same_columns(self, rows):
        text = "\n".join(
            ["parameter,at,value", *(f"{r['parameter']},{r['at']},{r['value']!r}" for r in rows)]
        )
        frames = [take(as_json(*rows)), take(as_ndjson(*rows), NDJSON), take(text, CSV)]
        assert columns(frames[0]) == columns(frames[1]) == columns(frames[2])

    @given(st.binary(max_size=200), st.sampled_from([JSON, NDJSON, CSV]))
    @settings(max_examples=300)
    def test_any_bytes_give_a_frame_or_a_clear_refusal(self, body, media_type):
        outcome = frame_or_refusal(b"parameter,at,value\n" + body if media_type == CSV else body, media_type)
        assert getattr(outcome, "status", 400) in {400, 413}
        assert len(getattr(outcome, "rows", ())) == 0


class TestInstants:
    @given(
        st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))])),
        st.sampled_from(["auto", "seconds", "milliseconds", "microseconds"]),
        st.sampled_from(["T", " "]),
    )
    def test_the_quick_reader_reads_what_the_exact_one_reads(self, instant, precision, between):
        text = instant.isoformat(sep=between, timespec=precision)
        reader = InstantReader()
        for variant in (text, text.replace("+00:00", "Z")):
            assert reader.read(variant) == exact_us(variant)
            assert reader.read(variant) == (datetime.fromisoformat(variant) - EPOCH) // timedelta(
                microseconds=1
            )

    @given(st.text(alphabet="0123456789-:TZW.+, ", min_size=8, max_size=30))
    @settings(max_examples=500)
    def test_the_quick_reader_refuses_what_the_exact_one_refuses(self, text):
        outcomes = []
        for read in (InstantReader().read, exact_us):
            try:
                outcomes.append(read(text))
            except ValueError as fault:
                outcomes.append(type(fault))
        assert outcomes[0] == outcomes[1]

    @given(
        st.lists(
            st.one_of(
                st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat(timespec="seconds")),
                st.from_regex(r"2026-03-01T08:0[0-9]:[0-9/:;][0-9/:;](Z|[+]00:00|[.]5Z)", fullmatch=True),
                st.text(alphabet="0123456789-:TZ+é", min_size=18, max_size=26),
            ),
            max_size=6,
        )
    )
    @settings(max_examples=400)
    def test_a_column_is_read_as_its_texts_are_one_by_one(self, texts):
        outcomes = []
        for read in (InstantReader().read_usual, lambda each: InstantReader().read_column(each).tolist()):
            try:
                outcomes.append(read(texts))
            except (KeyError, ValueError) as fault:
                outcomes.append(isinstance(fault, NoOffset) or "refused")
        assert outcomes[0] == outcomes[1]

    @pytest.mark.parametrize(
        "text",
        ["20260301T080000.012Z", "2026-W09-7T08:00:00Z", "2026-03-01T08Z", "2026-03-01T08:00:00,5+02:00"],
    )
    def test_less_usual_notations_are_read_exactly(self, text):
        assert InstantReader().read(text) == exact_us(text)

    def test_a_nul_behind_the_offset_does_not_end_the_text(self):
        with pytest.raises(ValueError, match="U\\+0000"):
            InstantReader().read(EIGHT + "\0")

    def test_a_time_without_an_offset_is_no_instant(self):
        with pytest.raises(NoOffset):
            InstantReader().read("2026-03-01T08:00:00.5")

    def test_an_instant_is_written_in_utc_and_any_number_can_be_written(self):
        assert iso(EIGHT_US + 250_000) == "2026-03-01T08:00:00.250000Z"
        assert iso(2**63 - 1) == "9223372036854775807 us"


def naughty_words():
    if not NAUGHTY.is_dir():
        pytest.skip(f"no hostile inputs at {NAUGHTY}; name their folder in COVALENT_TEST_DATA")
    words = json.loads((NAUGHTY / "blns.json").read_bytes())
    words += (NAUGHTY / "csv_formula_payloads_small.txt").read_text(encoding="utf-8").splitlines()
    return words


def is_plain_number(word):
    try:
        return set(word) <= set("0123456789+-.eE") and math.isfinite(float(word))
    except ValueError:
        return False


class TestNaughtyInputs:
    @pytest.mark.parametrize("field", ["parameter", "at", "value", "unit"])
    def test_each_hostile_string_is_refused_alone_in_json_and_ndjson(self, field):
        hostile = [word for word in naughty_words() if not (field == "unit" and word == "")]
        rows = [row for word in hostile for row in (one_row(**{field: word}), GOOD)]
        for frame in (take(as_json(*rows)), take(as_ndjson(*rows), NDJSON)):
            assert [refusal["row"] for refusal in frame.refused] == list(range(0, len(rows), 2))
            assert (columns(frame), frame.duplicates) == ([("TEMP", EIGHT_US, 37.1)], len(hostile) - 1)
            assert all(len(refusal["detail"]) < 200 for refusal in frame.refused)
            assert all(refusal["detail"].isprintable() for refusal in frame.refused)
            orjson.dumps(frame.refused)

    @pytest.mark.parametrize("field", ["parameter", "at", "value", "unit"])
    def test_each_hostile_string_is_refused_alone_in_csv(self, field):
        for word in naughty_words():
            cells = {"parameter": "TEMP", "at": EIGHT, "value": "37.1", "unit": "°C", field: word}
            quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values())
            good = f"TEMP,{EIGHT},5,"
            frame = take(f"parameter,at,value,unit\n{good}\n{quoted}\n{good}", CSV)
            is_number = field == "value" and is_plain_number(word)
            is_blank_unit = field == "unit" and not word.strip()
            assert 0 in frame.rows
            assert len(frame.rows) == 1
            assert bool(frame.refused) != (is_number or is_blank_unit), word

    def test_each_hostile_string_as_a_whole_frame_is_refused_clearly(self):
        for word in naughty_words():
            for media_type in (JSON, NDJSON, CSV):
                outcome = frame_or_refusal(word, media_type)
                assert getattr(outcome, "detail", "none")
                assert len(getattr(outcome, "rows", ())) == 0

    def test_each_csv_of_the_spectrum_is_refused_by_its_header(self):
        naughty_words()
        files = sorted((NAUGHTY / "csv-spectrum" / "csvs").glob("*.csv"))
        assert len(files) == 11
        for file in files:
            for media_type, expected in ((CSV, {"no_header", "bad_csv"}), (JSON, {"broken_json"})):
                with pytest.raises(FrameRefused) as refused:
                    take(file.read_bytes(), media_type)
                assert refused.value.problem_code in expected
            assert len(take(file.read_bytes(), NDJSON).rows) == 0

    def test_each_csv_of_the_spectrum_below_our_header_loses_no_neighbour(self):
        naughty_words()
        good = f"TEMP,{EIGHT},5".encode()
        for file in sorted((NAUGHTY / "csv-spectrum" / "csvs").glob("*.csv")):
            frame = take(b"\n".join([b"parameter,at,value", good, file.read_bytes(), good]), CSV)
            assert columns(frame) == [("TEMP", EIGHT_US, 5.0)]
            assert frame.duplicates == 1
            assert len(frame.refused) >= 1
