"""Sending frames: as fast as the server takes them, or at the pace of the recorded run."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from batches.replay.framing import Frame
from batches.replay.tally import Tally
from batches.replay.target import Target
from batches.rest_client import RestClient, Stopped

IN_FLIGHT: Final = 4
SLOT_S: Final = 1.0  # a paced replay sends about once a second


def send_frames(
    client: RestClient, target: Target, frames: Iterator[Frame], tally: Tally, *, done: Callable[[int], None]
) -> None:
    """Send frames, up to four at a time; `done` is told the rows that each answer finished.

    The first frame that the server does not take ends the replay. Raises: RestFault.
    """
    pending: dict[Future[None], Frame] = {}
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="replay") as pool:
        try:
            for frame in _until_stopped(frames, client.stop):
                if len(pending) == IN_FLIGHT:
                    _collect(pending, done, FIRST_COMPLETED)
                pending[pool.submit(_send, client, target, frame, tally)] = frame
            while pending:
                _collect(pending, done, FIRST_COMPLETED)
        except BaseException:
            client.stop.set()  # else the frames in flight wait out their patience
            raise


def pace(frames: Iterator[Frame], *, speed: float, first_ms: int, stop: threading.Event) -> Iterator[Frame]:
    """Hand out each frame when its time has come, counted from the first at `speed` file seconds a second.

    Raises: Stopped.
    """
    begun = time.monotonic()
    for frame in frames:
        due = begun + (frame.at_ms - first_ms) / 1000 / speed
        if stop.wait(max(0.0, due - time.monotonic())):
            raise Stopped("Asked to end between two frames.")
        yield frame


def _until_stopped(frames: Iterator[Frame], stop: threading.Event) -> Iterator[Frame]:
    for frame in frames:
        if stop.is_set():
            raise Stopped("Asked to end between two frames.")
        yield frame


def _collect(pending: dict[Future[None], Frame], done: Callable[[int], None], when: str) -> None:
    finished, _ = wait(pending, return_when=when)
    for future in finished:
        frame = pending.pop(future)
        future.result()
        done(frame.rows)


def _send(client: RestClient, target: Target, frame: Frame, tally: Tally) -> None:
    answer = client.post(f"batches/{target.batch_id}/readings/", {"readings": frame.readings})
    tally.answer(len(frame.readings), int(answer["accepted"]), int(answer["duplicates"]))
    for refusal in answer["refused"]:
        tally.refuse(str(refusal["code"]), frame.places[int(refusal["row"])], str(refusal["detail"]))
