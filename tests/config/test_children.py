"""Whatever dies is started again, and nothing outlives the supervisor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.supervisor import processes
from config.supervisor.children import DELAYS_S, Child, Keeper
from config.supervisor.errors import StartFailed

ROOT = Path(__file__).resolve().parents[2]
SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)",
)


@pytest.fixture
def keeper():
    kept = Keeper()
    yield kept
    kept.kill_all()


@pytest.fixture
def child(tmp_path):
    def make(name, command=SLEEP):
        return Child(name, command, dict(os.environ), tmp_path, tmp_path / f"{name}.log")

    return make


def until(condition, within_s=5.0, tick=lambda: None):
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        tick()
        time.sleep(0.01)


def test_a_killed_child_is_started_again_and_the_others_stay_up(keeper, child, capsys):
    killed, other = child("worker"), child("web")
    keeper.start(killed)
    keeper.start(other)
    first, bystander = killed.process.pid, other.process.pid
    killed.process.kill()
    until(lambda: killed.process.pid != first, tick=keeper.tick)
    assert killed.process.poll() is None
    assert (other.process.pid, other.process.poll()) == (bystander, None)
    assert capsys.readouterr().out.splitlines() == [
        "  worker ended with code -9; next start in 0.2 s",
        "  worker is up again",
    ]


def test_a_child_that_keeps_dying_is_started_less_and_less_often(keeper, child, capsys):
    keeper.start(child("broken", (sys.executable, "-c", "raise SystemExit(3)")))
    until(lambda: len(keeper._kept) == 1 and keeper._kept[0].deaths == 3, tick=keeper.tick)
    said = [line for line in capsys.readouterr().out.splitlines() if "code 3" in line]
    assert said == [f"  broken ended with code 3; next start in {delay:g} s" for delay in DELAYS_S[:3]]


def test_a_part_that_cannot_be_started_again_is_tried_again_later(keeper, capsys):
    class Broken:
        name = "postgres"
        process = None
        starts = 0

        def start(self):
            self.starts += 1
            if self.starts == 1:
                self.process = subprocess.Popen(["/bin/true"])
            else:
                raise StartFailed("no room on the disk")

        def ask_to_end(self): ...

        def stop(self): ...

    part = Broken()
    keeper.start(part)
    until(lambda: part.starts == 2, tick=keeper.tick)
    assert capsys.readouterr().out.splitlines() == [
        "  postgres ended with code 0; next start in 0.2 s",
        "  postgres does not start (no room on the disk); next start in 0.5 s",
    ]


def test_what_a_dead_child_has_started_is_gone_before_it_is_started_again(keeper, child, tmp_path):
    code = (
        "import subprocess, time\nprint(subprocess.Popen(['sleep', '60']).pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = child("pool", (sys.executable, "-c", code))
    keeper.start(parent)
    log = tmp_path / "pool.log"
    until(lambda: log.exists() and log.read_text().strip() != "")
    grandchild = int(log.read_text())
    first = parent.process.pid
    parent.process.kill()
    until(lambda: parent.process.pid != first, tick=keeper.tick)
    until(lambda: not processes.is_alive(grandchild))


def test_stopping_insists_with_the_one_that_does_not_listen(child, tmp_path):
    stubborn = child("stubborn", STUBBORN)
    stubborn.start()
    until(lambda: "up" in (tmp_path / "stubborn.log").read_text())
    processes.ask_to_end(stubborn.process)
    processes.see_it_end(stubborn.process, patience_s=0.2)
    assert stubborn.process.returncode == -signal.SIGKILL


def test_stopping_all_asks_every_child_at_the_same_time(keeper, child):
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), sys.exit(0)))\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )
    slow = [child(name, (sys.executable, "-c", code)) for name in ("web", "worker", "beat")]
    for each in slow:
        keeper.start(each)
    for each in slow:
        until(lambda log=each.log: "up" in log.read_text())
    started = time.monotonic()
    keeper.stop_all()
    assert time.monotonic() - started < 1.3
    assert [each.process for each in slow] == [None, None, None]


def test_a_child_is_asked_once_however_it_is_stopped(keeper, child):
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
        "print('up', flush=True)\n"
        "time.sleep(0.8)"
    )
    polite = child("worker", (sys.executable, "-c", code))
    keeper.start(polite)
    until(lambda: "up" in polite.log.read_text())
    keeper.stop_all()
    assert polite.log.read_text() == "up\nasked\n"


def test_a_child_dies_with_a_supervisor_that_is_killed(tmp_path):
    code = (
        "import pathlib, sys, time\n"
        "from config.supervisor.processes import spawn\n"
        "child = spawn(['/bin/sleep', '60'], log=pathlib.Path(sys.argv[1]))\n"
        "time.sleep(0.5)\nprint(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pid = int(supervisor.stdout.readline())
    assert processes.is_alive(pid)
    supervisor.kill()
    supervisor.wait()
    until(lambda: not processes.is_alive(pid))


def test_a_child_gets_neither_the_terminal_nor_its_signals(keeper, child, tmp_path):
    code = "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read()), flush=True)"
    one_line = child("quiet", (sys.executable, "-c", code))
    keeper.start(one_line)
    one_line.process.wait()
    assert (tmp_path / "quiet.log").read_text() == "True ''\n"
