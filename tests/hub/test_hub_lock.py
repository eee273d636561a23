"""The lock: one writer at a time, whoever died holding it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from builders import charge, run_pertoken, write_export

from pertoken.errors import HubError
from pertoken.hub import HubLock
from pertoken.hub.lock import LEASE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

HELD_BY_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from pertoken.hub import HubLock
with HubLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def lock_text(*, owner: str = "x", host: str = "elsewhere", process: int = 1, ends: float) -> str:
    """A lock file of another process; `ends` is in seconds from now."""
    content = {"owner": owner, "host": host, "process": process, "expires": time.time() + ends}
    return json.dumps(content)


def holding_process(path: Path) -> subprocess.Popen[str]:
    """A process that holds a lock until its stdin is closed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HELD_BY_ANOTHER_PROCESS, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_lock_is_a_file_while_it_is_held_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    with HubLock(path) as lock:
        assert json.loads(path.read_text("utf-8"))["process"] == os.getpid()
        lock.check()
    assert not path.exists()


def test_a_second_writer_waits_and_then_says_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    with HubLock(path), pytest.raises(HubError) as refused, HubLock(path, wait_seconds=0):
        pass
    assert f"process {os.getpid()} on " in refused.value.found
    assert refused.value.expected.startswith("Expected it to be free within 0 seconds")


def test_a_second_writer_gets_the_lock_when_the_first_lets_it_go(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    order = []
    first = HubLock(path)
    first.__enter__()

    def second() -> None:
        with HubLock(path, wait_seconds=30):
            order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    order.append("first")
    first.__exit__(None, None, None)
    waiting.join(timeout=30)
    assert order == ["first", "second"]


def test_many_writers_hold_a_lock_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    path.write_text(lock_text(ends=-1), "utf-8")
    inside, most, rounds = [], [], []

    def write() -> None:
        with HubLock(path, wait_seconds=30):
            inside.append(1)
            most.append(len(inside))
            rounds.append(1)
            inside.pop()

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert (max(most), len(rounds)) == (1, 8)


def test_the_lock_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    holder = holding_process(path)
    holder.kill()
    holder.wait(timeout=10)
    with HubLock(path, wait_seconds=5) as lock:
        lock.check()


def test_the_lock_of_a_killed_process_that_nobody_waited_for_is_taken_over(tmp_path: Path) -> None:
    """Its parent has not read its exit code: the process is still in the table, as a zombie."""
    path = tmp_path / "_lock.json"
    holder = holding_process(path)
    holder.kill()
    with HubLock(path, wait_seconds=5) as lock:
        lock.check()
    holder.wait(timeout=10)


def test_the_lock_of_a_living_process_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    holder = holding_process(path)
    with pytest.raises(HubError), HubLock(path, wait_seconds=0.3):
        pass
    holder.communicate(timeout=10)
    with HubLock(path, wait_seconds=5):
        pass


def test_the_lock_of_another_machine_is_respected_until_it_expires(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    path.write_text(lock_text(ends=60), "utf-8")
    with pytest.raises(HubError, match="process 1 on elsewhere"), HubLock(path, wait_seconds=0):
        pass
    path.write_text(lock_text(ends=-1), "utf-8")
    with HubLock(path, wait_seconds=0.5) as lock:
        lock.check()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"owner": 1}', b"\xff\xfe\x00",
        b'{"owner": "x", "host": "h", "process": "many", "expires": 1}',
        b'{"owner": "x", "host": "h", "process": 1, "expires": "soon"}',
        b'{"owner": "x", "host": "h", "process": 1e999, "expires": 1}',
    ],
)  # fmt: skip
def test_a_lock_file_that_cannot_be_read_is_respected_while_it_is_young(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "_lock.json"
    path.write_bytes(content)
    with pytest.raises(HubError, match="lock file cannot be read"), HubLock(path, wait_seconds=0):
        pass
    past = time.time() - LEASE_SECONDS - 1
    os.utime(path, (past, past))
    with HubLock(path, wait_seconds=0.5) as lock:
        lock.check()


def test_a_lock_that_was_lost_is_noticed_and_left_to_its_new_holder(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    with HubLock(path) as lock:
        path.write_text(lock_text(owner="new", ends=60), "utf-8")
        with pytest.raises(HubError, match="lost to process 1 on elsewhere"):
            lock.check()
    assert json.loads(path.read_text("utf-8"))["owner"] == "new"


def test_a_holder_renews_its_lock_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    with HubLock(path, renew_seconds=0.01) as lock:
        first = json.loads(path.read_text("utf-8"))["expires"]
        deadline = time.monotonic() + 10
        while json.loads(path.read_text("utf-8"))["expires"] == first:
            assert time.monotonic() < deadline
        lock.check()
    assert {each.name for each in tmp_path.iterdir()} <= {"_lock.guard"}


def test_a_lock_lost_before_its_renewal_is_not_renewed(tmp_path: Path) -> None:
    path = tmp_path / "_lock.json"
    with HubLock(path, renew_seconds=0.01) as lock:
        other = lock_text(owner="new", ends=60)
        path.with_name("new").write_text(other, "utf-8")
        with lock._file.guard():
            path.with_name("new").replace(path)
        lock._renewal.join(timeout=10)
        assert path.read_text("utf-8") == other


def test_an_ingest_that_waits_in_vain_ends_with_1_and_three_lines(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    hub.mkdir()
    write_export(tmp_path / "exports", [charge()])
    holder = holding_process(hub / "_lock.json")
    answer = run_pertoken("ingest", tmp_path / "exports", "--wait", "0.5", hub=hub)
    holder.communicate(timeout=10)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert len(answer.stderr.strip().splitlines()) == 3
    assert f"process {holder.pid} on " in answer.stderr
    assert run_pertoken("ingest", tmp_path / "exports", hub=hub).returncode == 0


def test_a_lock_of_a_writer_that_is_gone_is_not_held(tmp_path: Path) -> None:
    lock = HubLock(tmp_path / "_lock.json")
    assert not lock.is_held()
    with HubLock(tmp_path / "_lock.json"):
        assert lock.is_held()
    with HubLock(tmp_path / "_lock.json"):
        held = json.loads((tmp_path / "_lock.json").read_text("utf-8"))
    (tmp_path / "_lock.json").write_text(json.dumps(held | {"process": 2**22 + 1}), "utf-8")
    assert not lock.is_held()
