import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batches.replay.framing import FRAME_READINGS, Channel, _ends, cut_frames
from batches.replay.maps import ColumnRule, FileMap
from batches.replay.placing import Slice
from batches.replay.tables import Block, Layout
from batches.replay.tally import Tally
from batches.replay.times import TimeRule, read_times
from batches.replay.units import Conversion

MAP = FileMap("m", TimeRule("t", "hours"), (), Layout())
CELLS = st.sampled_from(["1", "2.5", "", "x", "inf", "-3e4"])


def channels(count):
    return [Channel(index + 1, ColumnRule(f"C{index}", f"P{index}"), Conversion()) for index in range(count)]


def part(rows):
    return Slice(Block(rows, list(range(2, len(rows) + 2))), read_times([row[0] for row in rows], MAP.time))


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=60), st.sampled_from([None, 1.8e6, 7.2e6])
)
def test_every_number_is_framed_once_at_its_place_and_every_other_cell_is_counted(cells, slot_ms):
    rows = [[str(hour), *row] for hour, row in enumerate(cells)]
    tally = Tally()
    frames = list(
        cut_frames(iter([part(rows)]), channels(3), MAP, tally, width=4, shift_ms=0, slot_ms=slot_ms)
    )
    found = {
        (place.line, place.column): (reading["parameter"], reading["value"])
        for frame in frames
        for reading, place in zip(frame.readings, frame.places, strict=True)
    }
    expected = {
        (line + 2, f"C{column}"): (f"P{column}", float(cell))
        for line, row in enumerate(cells)
        for column, cell in enumerate(row)
        if cell in {"1", "2.5", "-3e4"}
    }
    assert found == expected
    assert sum(len(frame.readings) for frame in frames) == len(expected)
    assert len(expected) + sum(tally.missing.values()) + sum(tally.refused.values()) == 3 * len(cells)
    assert tally.rows == len(cells)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=60))
def test_with_slots_no_frame_reaches_over_two_of_them(cells):
    rows = [[str(hour / 2), *row] for hour, row in enumerate(cells)]
    frames = cut_frames(iter([part(rows)]), channels(2), MAP, Tally(), width=3, shift_ms=0, slot_ms=3.6e6)
    for frame in frames:
        assert len({str(reading["at"])[:13] for reading in frame.readings}) == 1
        assert frame.at_ms == np.datetime64(str(frame.readings[0]["at"])[:-1]).astype(
            "datetime64[ms]"
        ).astype(int)


@given(st.integers(0, 5000))
def test_frames_are_full_but_the_last(total):
    ends = _ends(np.zeros(total, dtype=np.int64), None)
    sizes = np.diff([0, *ends])
    assert sum(sizes) == total
    assert all(size == FRAME_READINGS for size in sizes[:-1])
    assert all(0 < size <= FRAME_READINGS for size in sizes)


@given(st.lists(st.integers(0, 50), max_size=3000).map(sorted))
def test_slots_end_frames_and_none_is_empty_or_too_large(slots):
    at_ms = np.array(slots, dtype=np.int64) * 1000
    sizes = np.diff([0, *_ends(at_ms, 1000.0)])
    assert sum(sizes) == len(slots)
    assert all(0 < size <= FRAME_READINGS for size in sizes)


def test_the_rows_of_the_frames_add_up_to_those_of_the_file():
    rows = [[str(hour), "1", "2"] for hour in range(2345)]
    frames = list(cut_frames(iter([part(rows)]), channels(2), MAP, Tally(), width=3, shift_ms=0))
    assert [len(frame.readings) for frame in frames] == [1000] * 4 + [690]
    assert sum(frame.rows for frame in frames) == 2345


def test_the_shift_moves_every_time():
    (frame,) = cut_frames(
        iter([part([["0.5", "1"]])]), channels(1), MAP, Tally(), width=2, shift_ms=3_600_000
    )
    assert frame.readings == [{"parameter": "P0", "at": "1970-01-01T01:30:00.000Z", "value": 1.0}]
