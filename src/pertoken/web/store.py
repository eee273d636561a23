"""Answers from the hub: a few threads with an engine each, and a cache of finished bodies.

A thread keeps, for each audience it met, one engine whose relations are named once per commit. The
cache is keyed by commit, rules, scenarios, audience and query, so that a new commit, what is saved
or another role never meet an old answer; equal questions asked at the same time are computed once.
Source: docs/decisions/0020-the-page.md.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pertoken.engine import local_engine
from pertoken.errors import EngineError, HubError, PertokenError
from pertoken.hub import Hub
from pertoken.pipeline.allocation_rules import rules_mark
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.scenarios import scenarios_mark

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.pipeline.audience import Audience

T = TypeVar("T")
Question: TypeAlias = "Callable[[Engine, SeenRelations], T]"
_MOST_BYTES = 128 * 1024 * 1024
_MOST_AUDIENCES = 16


@dataclass(frozen=True, slots=True)
class Body:
    """A finished answer: its bytes, the same in gzip, and its type."""

    content: bytes
    compressed: bytes | None
    media_type: str


class HubReader:
    """The hub, read by a fixed number of threads."""

    def __init__(self, path: str | Path, *, threads: int | None = None) -> None:
        self.hub = Hub(path)
        workers = threads or max(2, min(8, os.cpu_count() or 2))
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="hub")
        self._engine_threads = max(1, (os.cpu_count() or 1) // workers)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._snapshot: tuple[str, Snapshot] | None = None
        self._bodies: OrderedDict[tuple[str, ...], Body] = OrderedDict()
        self._bytes = 0
        self._pending: dict[tuple[str, ...], asyncio.Task[Body]] = {}

    async def snapshot(self) -> Snapshot:
        """The last commit; raises HubError where there is none or it cannot be read."""
        mark = self.hub.mark()
        held = self._snapshot
        if mark and held is not None and held[0] == mark:
            return held[1]
        return await self._run(lambda: self._current(mark))

    def saved(self) -> str:
        """A text that changes when rules or a scenario are saved, which no commit tells."""
        return f"{rules_mark(self.hub.root)} {scenarios_mark(self.hub.root)}"

    async def body(
        self, key: tuple[str, ...], audience: Audience, question: Question[Body]
    ) -> Body:
        """The body of an answer: from the cache, or computed once for all who wait for it."""
        if (held := self._bodies.get(key)) is not None:
            self._bodies.move_to_end(key)
            return held
        if (task := self._pending.get(key)) is None:
            task = asyncio.ensure_future(self._computed(key, audience, question))
            self._pending[key] = task
            task.add_done_callback(lambda _: self._pending.pop(key, None))
        return await asyncio.shield(task)

    def warm(self) -> None:
        """Open the hub in every thread, so that the first question does not wait for it."""
        for _ in range(self._pool._max_workers):  # noqa: SLF001 - the pool has no public count
            self._pool.submit(self._warm)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _computed(
        self, key: tuple[str, ...], audience: Audience, question: Question[Body]
    ) -> Body:
        body = await self._run(lambda: self._answer(audience, question))
        self._bodies[key] = body
        self._bytes += _size(body)
        while self._bytes > _MOST_BYTES and len(self._bodies) > 1:
            _, dropped = self._bodies.popitem(last=False)
            self._bytes -= _size(dropped)
        return body

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _warm(self) -> None:
        from pertoken.pipeline.audience import EVERYONE  # noqa: PLC0415 - beside its one use
        from pertoken.pipeline.hub_view import hub_summary  # noqa: PLC0415 - as above

        try:
            self._answer(EVERYONE, hub_summary)
        except PertokenError:
            return

    def _answer(self, audience: Audience, question: Question[T]) -> T:
        snapshot = self._current(self.hub.mark())
        engine, relations = self._prepared(snapshot, audience)
        try:
            return question(engine, relations)
        except EngineError:
            # A vacuum may have removed files of an older commit: once more, from the last one.
            self._prepared_audiences().clear()
            self._snapshot = None
            snapshot = self._current(self.hub.mark())
            return question(*self._prepared(snapshot, audience))

    def _prepared(self, snapshot: Snapshot, audience: Audience) -> tuple[Engine, SeenRelations]:
        held = self._prepared_audiences()
        engine, relations = held.get(audience.key, (None, None))
        if relations is None or relations.snapshot is not snapshot or engine is None:
            engine = engine or local_engine(threads=self._engine_threads)
            relations = SeenRelations(snapshot, audience)
            held[audience.key] = (engine, relations)
        held.move_to_end(audience.key)
        while len(held) > _MOST_AUDIENCES:
            _, (oldest, _) = held.popitem(last=False)
            oldest.close()
        return engine, relations

    def _prepared_audiences(self) -> OrderedDict[str, tuple[Engine, SeenRelations]]:
        if not hasattr(self._local, "audiences"):
            self._local.audiences = OrderedDict()
        audiences: OrderedDict[str, tuple[Engine, SeenRelations]] = self._local.audiences
        return audiences

    def _current(self, mark: str) -> Snapshot:
        with self._lock:
            held = self._snapshot
            if mark and held is not None and held[0] == mark:
                return held[1]
            if not mark:
                raise HubError(
                    f"There is no hub at {self.hub.root}.",
                    "Expected a folder that `pertoken ingest` has made.",
                    f"Run `pertoken ingest FOLDER --hub {self.hub.root}`; the page follows.",
                )
            snapshot = self._read()
            self._snapshot = (mark, snapshot)
            return snapshot

    def _read(self) -> Snapshot:
        engine = local_engine(threads=1)
        try:
            return self.hub.snapshot(engine)
        except (EngineError, KeyError, StopIteration, TypeError, ValueError) as error:
            raise HubError(
                f"The last commit of the hub {self.hub.root} cannot be read.",
                "Expected a commit written by this version of pertoken or a newer ledger that "
                "it knows.",
                "Ingest the exports into a new hub; the exports hold everything.",
            ) from error
        finally:
            engine.close()


def _size(body: Body) -> int:
    return len(body.content) + len(body.compressed or b"")
