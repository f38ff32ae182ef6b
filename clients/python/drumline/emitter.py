"""The emitter: takes events at once, and sends them in the background until each is recorded or refused."""

from __future__ import annotations

import atexit
import json
import logging
import os
import ssl
import threading
import time
import uuid
import weakref
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from ._http import Endpoint, Token
from ._queue import Bounds, Pending, SendQueue
from ._sender import OnRefused, Sender
from .errors import RefusedError
from .model import EventType, ProgressStage, to_instant, utc_now

if TYPE_CHECKING:
    from .task import Task

logger = logging.getLogger("drumline")


class Stats(NamedTuple):
    """Counts since the emitter was made, in this process."""

    #: Neither recorded nor refused yet.
    pending: int
    recorded: int
    #: Of the recorded ones: an earlier try had recorded them, and its answer was lost.
    duplicates: int
    refused: int


def log_refusal(event: Mapping[str, object], error: RefusedError) -> None:
    """What becomes of a refused event unless `on_refused` says otherwise."""
    logger.error("event %s of task %s was refused: %s", event["eventId"], event["taskId"], error)


class Emitter:
    """Reports events to a Drumline server.

    - An event that `emit` took is sent until the server recorded or refused it, for as long as the process lives. It
      has its id before it is first sent, so it is recorded once, whatever is lost on the way.
    - Events arrive in the order in which they were taken: one batch is on its way at a time.
    - Memory is bounded by `max_pending` events and `max_pending_bytes`, those on their way included. At the bound
      `emit` waits; see `full_timeout`.
    - One bad event does not hold up others: it goes to `on_refused`, which is called in the emitter's thread.
    - `close`, the end of a `with` and the end of the process wait for what is pending, up to `exit_timeout` seconds.
      Being killed by a signal is no such end: what was not yet sent is lost.
    - Any thread may use it. After a fork the child has an emitter with nothing pending: what was pending is the
      parent's to send. A child that ends by `os._exit`, as those of `multiprocessing` do, calls `flush` before.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token = None,
        max_batch: int = 1_000,
        max_batch_bytes: int = 1_048_576,
        linger: float = 0.05,
        max_pending: int = 10_000,
        max_pending_bytes: int = 16_777_216,
        full_timeout: float | None = None,
        request_timeout: float = 10.0,
        max_delay: float = 5.0,
        exit_timeout: float = 5.0,
        on_refused: OnRefused = log_refusal,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Connect to nothing yet. Times are in seconds.

        `token` is shown as a bearer token; a function is asked before each request, and when a token is not accepted
        it is asked again. `linger` is how long an event may wait for others to share its batch. `full_timeout` is how
        long `emit` waits for room: None for as long as it takes, 0 not at all. `max_delay` bounds the pause between
        tries, unless the server asks for more.
        """
        if not 1 <= max_batch <= 1_000:
            raise ValueError("max_batch must be from 1 to 1000")
        if max_pending < 1:
            raise ValueError("max_pending must be at least 1")
        self._endpoint = Endpoint(url, token, request_timeout, ssl_context)
        self._bounds = Bounds(max_batch, max_batch_bytes, linger, max_pending, max_pending_bytes)
        self._full_timeout = full_timeout
        self._max_delay = max_delay
        self._exit_timeout = exit_timeout
        self._on_refused = on_refused
        self._is_closed = False
        self._begin()
        atexit.register(self.close)
        _after_fork_in_child(self)

    def emit(
        self,
        *,
        task_id: str,
        event_type: EventType | str,
        component: str,
        stage: ProgressStage | str,
        message: str,
        details: Mapping[str, object] | None = None,
        progress: float | None = None,
        estimated_time_remaining: str | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
        wait: bool = True,
    ) -> str:
        """Take one event, and return its id. What the server thinks of it is told later, by `on_refused`.

        Raise `EmitterFullError` when there was no room in time, or with `wait=False` at once; ValueError or TypeError
        for what is no event type, no stage or no JSON. A `timestamp` without a zone is UTC; without one it is now.
        """
        given_id = event_id or uuid.uuid4().hex
        event = {
            "eventId": given_id,
            "taskId": task_id,
            "eventType": EventType(event_type).name,
            "timestamp": to_instant(timestamp or utc_now()),
            "component": component,
            "stage": ProgressStage(stage).name,
            "message": message,
            "details": details,
            "progress": progress,
            "estimatedTimeRemaining": estimated_time_remaining,
        }
        # The thread that makes room cannot wait for it.
        may_wait = wait and threading.current_thread() is not self._thread
        timeout = self._full_timeout if may_wait else 0.0
        self._queue.put(Pending(task_id, _to_json(event), time.monotonic()), timeout)
        if self._thread is None:
            self._start()
        return given_id

    def task(self, task_id: str) -> Task:
        """What is reported of one task; see `Task`."""
        from .task import Task

        return Task(self, task_id)

    @property
    def stats(self) -> Stats:
        sender = self._sender
        return Stats(self._queue.pending, sender.recorded, sender.duplicates, sender.refused)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was emitted before is recorded or refused. False: not in so many seconds."""
        self._require_other_thread()
        return self._queue.wait_until_settled(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Take nothing more, and wait for what is pending, up to `exit_timeout` unless told otherwise.

        False: some of it was not sent in time, and will not be.
        """
        self._require_other_thread()
        atexit.unregister(self.close)
        self._is_closed = True
        self._queue.close()
        done = self._queue.wait_until_settled(self._exit_timeout if timeout is None else timeout)
        self._queue.abandon()
        self._sender.stop()
        if not done:
            logger.warning("closed while %d events were not yet recorded", self._queue.pending)
        return done

    def __enter__(self) -> Emitter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        self._queue = SendQueue(self._bounds)
        self._sender = Sender(self._endpoint, self._on_refused, self._max_delay)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        if self._is_closed:
            self._queue.close()

    def _require_other_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("on_refused cannot wait for the thread that it is called in")

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(
                    target=_send, args=(self._queue, self._sender), name="drumline-emitter", daemon=True
                )
                thread.start()
                self._thread = thread


def _to_json(event: Mapping[str, object]) -> bytes:
    given = {key: value for key, value in event.items() if value is not None}
    text = json.dumps(given, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Names of files may hold what is no text (PEP 383); a report of one is better with a `?` than not sent.
    return text.encode(errors="replace")


def _send(queue: SendQueue, sender: Sender) -> None:
    try:
        while batch := queue.take():
            if not sender.deliver(batch):
                return
            queue.settle(batch)
    finally:
        sender.close()


def _after_fork_in_child(emitter: Emitter) -> None:
    """Threads stay with the parent, and so does what they hold: the child begins anew."""
    if not hasattr(os, "register_at_fork"):
        return
    weak = weakref.ref(emitter)

    def begin() -> None:
        child = weak()
        if child is not None:
            child._begin()

    os.register_at_fork(after_in_child=begin)
