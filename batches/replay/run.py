"""One replay from file to summary."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from batches.replay.choosing import choose_map
from batches.replay.framing import cut_frames, match_columns
from batches.replay.placing import choose_group, choose_shift, explain_shift, measure, slices
from batches.replay.playing import SLOT_S, pace, send_frames
from batches.replay.problems import MapProblem
from batches.replay.progress import Progress, Screen
from batches.replay.tally import Tally
from batches.replay.target import find_target
from batches.rest_client import RestClient


@dataclass(frozen=True, slots=True)
class Order:
    """What the caller asked for."""

    path: Path
    batch: str
    program: str | None = None
    map_name: str | None = None
    group: str | None = None
    speed: float | None = None
    keep_times: bool = False


@dataclass(slots=True)
class Replay:
    """A replay under way; its tally stands also when it ends early."""

    client: RestClient
    order: Order
    screen: Screen
    say: Callable[[str], object]
    clock: Callable[[], float] = time.time
    tally: Tally = field(default_factory=Tally)

    def run(self) -> Tally:
        """Play the file. Raises: ReplayProblem, RestFault."""
        order = self.order
        target = find_target(self.client, order.batch, order.program)
        chosen, table = choose_map(order.path, order.map_name, target.units)
        chosen = choose_group(table, chosen, order.group)
        self.say(f"{order.path.name} into {target.number}, read with the map {chosen.name}")
        for flag in chosen.flags:
            self.tally.remark(flag)
        channels = match_columns(table, chosen, target, self.tally)
        if not channels:
            raise MapProblem(f"No column of {order.path.name} can be sent to {target.number}.")
        span = measure(table, chosen)
        now_ms = round(self.clock() * 1000)
        live = order.speed is not None and order.speed <= 1
        shift_ms = choose_shift(
            span, chosen, started_ms=target.started_ms, now_ms=now_ms, keep=order.keep_times, live=live
        )
        if not live:
            explain_shift(span, shift_ms, started_ms=target.started_ms, now_ms=now_ms, tally=self.tally)
        slot_ms = order.speed * SLOT_S * 1000 if order.speed else None
        frames = cut_frames(
            slices(table, chosen),
            channels,
            chosen,
            self.tally,
            width=len(table.names),
            shift_ms=shift_ms,
            slot_ms=slot_ms,
        )
        if order.speed is not None:
            first_ms = span.first_ms + shift_ms
            frames = pace(frames, speed=order.speed, first_ms=first_ms, stop=self.client.stop)
        progress = Progress(self.screen, span.rows)
        try:
            send_frames(self.client, target, frames, self.tally, done=progress.advance)
        finally:
            progress.close()
        return self.tally
