"""What waits to be sent, in order and within bounds, and what becomes of those who wait for it.

An event counts until it is settled, that is accepted or refused; so the bounds hold for what is on its way as well.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import EmitterClosedError, EmitterFullError


@dataclass(frozen=True)
class Pending:
    """One event as it goes over the wire."""

    task_id: str
    body: bytes
    #: When it was taken, by a clock that only goes forwards.
    since: float


@dataclass(frozen=True)
class Bounds:
    batch_events: int
    batch_bytes: int
    #: Seconds that an event may wait for others to go with it.
    linger: float
    pending_events: int
    pending_bytes: int


class SendQueue:
    """Many put, one takes."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        # Re-entrant: a signal handler may emit while its own thread is within.
        self._lock = threading.RLock()
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._waiting: deque[Pending] = deque()
        self._waiting_bytes = 0
        self._pending_bytes = 0
        #: Counted from the first: how many were put, taken and settled, and up to which nothing may linger.
        self._put = 0
        self._taken = 0
        self._settled = 0
        self._urgent = 0
        self._is_closed = False
        self._is_abandoned = False

    @property
    def pending(self) -> int:
        with self._lock:
            return self._put - self._settled

    def put(self, event: Pending, timeout: float | None) -> None:
        """Wait for room for so many seconds; None: for as long as it takes."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            while not self._is_closed and not self._has_room(event):
                self._urgent = self._put
                self._work.notify()
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise EmitterFullError(f"{self._put - self._settled} events wait to be sent")
                self._room.wait(left)
            if self._is_closed:
                raise EmitterClosedError("the emitter is closed")
            self._waiting.append(event)
            self._waiting_bytes += len(event.body)
            self._pending_bytes += len(event.body)
            self._put += 1
            if len(self._waiting) == 1 or self._is_batch_full():
                self._work.notify()

    def take(self) -> Sequence[Pending]:
        """The next batch, once it is full or its first event has waited long enough; empty: closed, nothing is left."""
        with self._lock:
            while not self._is_ready():
                if not self._waiting:
                    if self._is_closed:
                        return []
                    self._work.wait()
                else:
                    self._work.wait(self._lingers_for())
            batch = [self._next()]
            size = len(batch[0].body)
            while self._waiting and len(batch) < self._bounds.batch_events:
                size += len(self._waiting[0].body)
                if size > self._bounds.batch_bytes:
                    break
                batch.append(self._next())
            return batch

    def settle(self, batch: Sequence[Pending]) -> None:
        """Whatever was taken is settled in the order in which it was taken."""
        with self._lock:
            self._settled += len(batch)
            self._pending_bytes -= sum(len(event.body) for event in batch)
            self._room.notify_all()

    def wait_until_settled(self, timeout: float | None) -> bool:
        """Of all that was put before. False: not in time."""
        with self._lock:
            goal = self._urgent = self._put
            self._work.notify()
            self._room.wait_for(lambda: self._settled >= goal or self._is_abandoned, timeout)
            return self._settled >= goal

    def close(self) -> None:
        """Nothing more is taken in; what waits is sent without lingering."""
        with self._lock:
            self._is_closed = True
            self._work.notify_all()
            self._room.notify_all()

    def abandon(self) -> None:
        """What was not settled by now never will be."""
        with self._lock:
            self._is_abandoned = True
            self._room.notify_all()

    def _next(self) -> Pending:
        event = self._waiting.popleft()
        self._waiting_bytes -= len(event.body)
        self._taken += 1
        return event

    def _has_room(self, event: Pending) -> bool:
        pending = self._put - self._settled
        # One event is always taken when nothing else waits, however large: it would wait for ever.
        return pending == 0 or (
            pending < self._bounds.pending_events
            and self._pending_bytes + len(event.body) <= self._bounds.pending_bytes
        )

    def _is_batch_full(self) -> bool:
        return len(self._waiting) >= self._bounds.batch_events or self._waiting_bytes >= self._bounds.batch_bytes

    def _is_ready(self) -> bool:
        if not self._waiting:
            return False
        return self._is_closed or self._taken < self._urgent or self._is_batch_full() or self._lingers_for() <= 0

    def _lingers_for(self) -> float:
        return self._waiting[0].since + self._bounds.linger - time.monotonic()
