"""The original system's event module, with its names: a program changes one import.

    from drumline.events import Event, EventType, ProgressStage, event_manager

`DRUMLINE_URL` says where the server is, `DRUMLINE_TOKEN` who asks.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Dict, Optional

from ._ask import Questions
from ._http import Endpoint
from ._stream import TaskStream, Tell
from ._verdict import as_list, as_mapping
from .emitter import Emitter
from .errors import EmitterFullError, NoAnswerError
from .model import EventType, ProgressStage, from_instant, utc_now
from .task import shorten

__all__ = ["Event", "EventManager", "EventType", "ProgressStage", "event_manager"]

logger = logging.getLogger("drumline")

Callback = Callable[["Event"], Awaitable[None]]

_DEFAULT_URL = "http://127.0.0.1:4000/graphql"


@dataclass(kw_only=True)
class Event:
    """One event, with the fields of the original. A `timestamp` without a zone is UTC."""

    event_type: EventType
    task_id: str
    timestamp: datetime = field(default_factory=utc_now)
    component: str
    stage: ProgressStage
    message: str
    details: Optional[Dict[str, Any]] = None
    progress: Optional[float] = None
    estimated_time_remaining: Optional[str] = None

    def __post_init__(self) -> None:
        self.event_type = EventType(self.event_type)
        self.stage = ProgressStage(self.stage)

    def dict(self) -> Dict[str, Any]:
        """Its fields, with the time as ISO text."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**own, "timestamp": self.timestamp.isoformat()}

    def json(self) -> str:
        return json.dumps(self.dict(), default=str)


class EventManager:
    """The original's verbs on a Drumline server.

    - `emit` returns once the event is queued: from then on it is sent until it is recorded, see `Emitter`. Waiting for
      `flush` makes it durable. The loop is never blocked; when the queue is full, `emit` waits in a thread.
    - `subscribe` follows the server, so a callback hears of every process's events, each once and in the order in which
      they were recorded, and is awaited before the next.
      After a fork only the parent's callbacks are called.
    - What the server refuses is logged. Messages that are too long for it are cut.
    - `get_task_state` and `init_task` ask the server and wait for its answer, as they are no coroutines in the original
      either: within a loop call them by `asyncio.to_thread`.
    """

    def __init__(self, url: str | None = None, token: str | None = None, timeout: float = 5.0) -> None:
        """`timeout`: how many seconds a question may take. Nothing is connected to before the first call."""
        self._url = url
        self._token = token
        self._timeout = timeout
        self._beginning = threading.Lock()
        self._emitter: Emitter | None = None
        self._streams: dict[tuple[str, Callback], TaskStream] = {}

    @property
    def emitter(self) -> Emitter:
        """What sends the events; made by the first who asks."""
        with self._beginning:
            if self._emitter is None:
                self._emitter = Emitter(self._address(), token=self._secret())
            return self._emitter

    async def emit(self, event: Event) -> None:
        try:
            self._put(event, wait=False)
        except EmitterFullError:
            await asyncio.to_thread(self._put, event, wait=True)

    async def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was emitted before is recorded or refused. False: not in so many seconds."""
        return await asyncio.to_thread(self.emitter.flush, timeout)

    def init_task(self, task_id: str) -> None:
        """Let the task be known before its first event; that begins it in any case, so a failure is only logged."""
        try:
            self._questions().init_task(task_id)
        except NoAnswerError as problem:
            logger.warning("task %s will begin with its first event: %s", task_id, problem)

    def get_task_state(self, task_id: str) -> Optional[Dict[str, Any]]:
        """The task as the server has it, all that was emitted here before included; None when it is not known.

        Raise `NoAnswerError` when the server does not answer in time.
        """
        if not self.emitter.flush(self._timeout):
            raise NoAnswerError("what was emitted before is not recorded yet")
        progress = self._questions().progress(task_id)
        return None if progress is None else to_state(progress)

    async def subscribe(self, task_id: str, callback: Callback) -> None:
        """Call back with each event of the task that is recorded from now on, until the task has ended.

        Return once it is known from where on; so it waits while no server answers.
        """
        key = (task_id, callback)
        if key in self._streams:
            return
        while not await asyncio.to_thread(self.emitter.flush, 1.0):
            pass
        after = await self._place(task_id)
        if key in self._streams:
            return
        stream: TaskStream
        tell = _teller(asyncio.get_running_loop(), callback, lambda: self._streams.get(key) is stream)
        stream = TaskStream(self._endpoint(), task_id, after, tell, lambda: self._forget(key, stream))
        self._streams[key] = stream
        stream.start()

    async def unsubscribe(self, task_id: str, callback: Callback) -> None:
        stream = self._streams.pop((task_id, callback), None)
        if stream is not None:
            stream.stop()

    def _forget(self, key: tuple[str, Callback], stream: TaskStream) -> None:
        if self._streams.get(key) is stream:
            del self._streams[key]

    async def _place(self, task_id: str) -> str | None:
        while True:
            try:
                progress = await asyncio.to_thread(self._questions().progress, task_id)
                return None if progress is None else str(progress["cursor"])
            except NoAnswerError as problem:
                logger.warning("cannot subscribe to %s yet: %s", task_id, problem)
                await asyncio.sleep(1)

    def _put(self, event: Event, wait: bool) -> None:
        self.emitter.emit(
            task_id=event.task_id,
            event_type=event.event_type,
            component=event.component,
            stage=event.stage,
            message=shorten(event.message),
            details=None if event.details is None else to_json_object(event.details),
            progress=event.progress,
            estimated_time_remaining=event.estimated_time_remaining,
            timestamp=event.timestamp,
            wait=wait,
        )

    def _address(self) -> str:
        return self._url or os.environ.get("DRUMLINE_URL") or _DEFAULT_URL

    def _secret(self) -> str | None:
        return self._token or os.environ.get("DRUMLINE_TOKEN") or None

    def _endpoint(self) -> Endpoint:
        return Endpoint(self._address(), self._secret(), self._timeout)

    def _questions(self) -> Questions:
        return Questions(self._endpoint())


def _teller(loop: asyncio.AbstractEventLoop, callback: Callback, is_subscribed: Callable[[], bool]) -> Tell:
    """Calls back in the loop of the subscriber, from the thread of the stream, and waits for it."""

    async def call(event: Event) -> None:
        try:
            # It may have been unsubscribed while this waited for its turn.
            if is_subscribed():
                await callback(event)
        except Exception:
            logger.exception("error in event callback")

    def tell(wire: Mapping[str, object]) -> bool:
        try:
            event = to_event(wire)
        except ValueError:
            return True  # Of a type that is newer than this package.
        if loop.is_closed():
            return False
        called = call(event)
        try:
            asyncio.run_coroutine_threadsafe(called, loop).result()
        except (RuntimeError, CancelledError):
            called.close()
            return False  # The loop is over.
        return True

    return tell


def to_json_object(details: Mapping[str, Any]) -> Dict[str, Any]:
    """The original took any values, for it sent none: what JSON does not have goes as text."""
    as_text = json.dumps(details, default=str)
    parsed: Dict[str, Any] = json.loads(as_text, parse_constant=str)
    return parsed


def to_event(wire: Mapping[str, object]) -> Event:
    """An event as GraphQL has it."""
    details, remaining = wire.get("details"), wire.get("estimatedTimeRemaining")
    return Event(
        event_type=EventType(str(wire["eventType"]).lower()),
        task_id=str(wire["taskId"]),
        timestamp=from_instant(str(wire["timestamp"])),
        component=str(wire["component"]),
        stage=ProgressStage(str(wire["stage"]).lower()),
        message=str(wire["message"]),
        details=dict(details) if isinstance(details, Mapping) else None,
        progress=_number(wire.get("progress")),
        estimated_time_remaining=None if remaining is None else str(remaining),
    )


def to_state(progress: Mapping[str, object]) -> Dict[str, Any]:
    """The original's dictionary."""
    components = [as_mapping(each) for each in as_list(progress["components"])]
    return {
        "stage": ProgressStage(str(progress["stage"]).lower()),
        "started_at": from_instant(str(progress["startedAt"])).isoformat(),
        "last_update": from_instant(str(progress["lastUpdate"])).isoformat(),
        "components": {
            str(each["name"]): {"status": EventType(str(each["status"]).lower()), "progress": _number(each["progress"])}
            for each in components
        },
        "overall_progress": _number(progress["overallProgress"]),
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


event_manager = EventManager()
