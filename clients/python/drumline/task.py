"""What is reported of a task and its components, in the words that a component's role asks for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from .emitter import Emitter
from .errors import DrumlineError
from .model import EventType, ProgressStage

logger = logging.getLogger("drumline")

#: Bytes of UTF-8 that the server takes as a message.
_MESSAGE_BYTES = 2_048


class Role(str, Enum):
    """Which event types a component uses for its beginning and its end.

    By its name: `*_drummer` and `*_belter`; any other is a HELPER, whose beginning and end are `progress_update`, whose
    failure is `error`. TASK speaks for the whole task: when such a component completes or fails, the task has ended.
    """

    DRUMMER = "drummer"
    BELTER = "belter"
    HELPER = "helper"
    TASK = "task"

    @classmethod
    def of(cls, component: str) -> Role:
        for role in (cls.DRUMMER, cls.BELTER):
            if component.endswith(f"_{role.value}"):
                return role
        return cls.HELPER


@dataclass(frozen=True)
class _Words:
    """A role's event types, and the stage in which it works unless told otherwise."""

    stage: ProgressStage
    assigned: EventType
    started: EventType
    completed: EventType
    failed: EventType


_UPDATE = EventType.PROGRESS_UPDATE
_WORDS = {
    Role.DRUMMER: _Words(
        ProgressStage.DATA_GATHERING,
        EventType.DRUMMER_ASSIGNED,
        EventType.DRUMMER_STARTED,
        EventType.DRUMMER_COMPLETED,
        EventType.DRUMMER_FAILED,
    ),
    Role.BELTER: _Words(
        ProgressStage.ANALYSIS,
        EventType.BELTER_ASSIGNED,
        EventType.BELTER_STARTED,
        EventType.BELTER_COMPLETED,
        EventType.BELTER_FAILED,
    ),
    Role.HELPER: _Words(ProgressStage.ANALYSIS, _UPDATE, _UPDATE, _UPDATE, EventType.ERROR),
    Role.TASK: _Words(
        ProgressStage.PLANNING, _UPDATE, EventType.TASK_STARTED, EventType.TASK_COMPLETED, EventType.TASK_FAILED
    ),
}
#: Where a task stands that has ended.
_LAST_STAGE = {EventType.TASK_COMPLETED: ProgressStage.COMPLETE, EventType.TASK_FAILED: ProgressStage.FAILED}


class Task:
    """One task, by its id. It begins with its first event."""

    def __init__(self, emitter: Emitter, task_id: str) -> None:
        self.emitter = emitter
        self.id = task_id

    def component(
        self, name: str, *, role: Role | str | None = None, stage: ProgressStage | str | None = None
    ) -> Component:
        """Who reports; `role` by the name, and `stage` by the role, unless they are given."""
        return Component(self, name, Role.of(name) if role is None else Role(role), stage)


class Component:
    """One part of a task that reports. Each method takes one event and returns its id; see `Emitter.emit`.

    `stage` is that of its next events, and may be set. A message that is too long for the server is cut.
    """

    def __init__(self, task: Task, name: str, role: Role, stage: ProgressStage | str | None = None) -> None:
        self.task = task
        self.name = name
        self._words = _WORDS[role]
        self.stage = self._words.stage if stage is None else ProgressStage(stage)

    def assigned(self, message: str, *, details: Mapping[str, object] | None = None) -> str:
        return self.emit(self._words.assigned, message, details=details, progress=0.0)

    def started(self, message: str, *, details: Mapping[str, object] | None = None) -> str:
        return self.emit(self._words.started, message, details=details, progress=0.0)

    def progress(
        self,
        progress: float,
        message: str = "",
        *,
        event_type: EventType | str = EventType.PROGRESS_UPDATE,
        details: Mapping[str, object] | None = None,
        estimated_time_remaining: str | None = None,
    ) -> str:
        """How much is done, 0 to 1."""
        return self.emit(
            event_type,
            message,
            details=details,
            progress=progress,
            estimated_time_remaining=estimated_time_remaining,
        )

    def completed(self, message: str = "Completed", *, details: Mapping[str, object] | None = None) -> str:
        return self.emit(self._words.completed, message, details=details, progress=1.0)

    def failed(self, message: str, *, details: Mapping[str, object] | None = None) -> str:
        return self.emit(self._words.failed, message, details=details)

    def warning(self, message: str, *, details: Mapping[str, object] | None = None) -> str:
        return self.emit(EventType.WARNING, message, details=details)

    def error(self, message: str, *, details: Mapping[str, object] | None = None) -> str:
        return self.emit(EventType.ERROR, message, details=details)

    def emit(
        self,
        event_type: EventType | str,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        progress: float | None = None,
        estimated_time_remaining: str | None = None,
    ) -> str:
        """An event of any type."""
        return self.task.emitter.emit(
            task_id=self.task.id,
            event_type=event_type,
            component=self.name,
            stage=_LAST_STAGE.get(EventType(event_type), self.stage),
            message=shorten(message),
            details=details,
            progress=progress,
            estimated_time_remaining=estimated_time_remaining,
        )

    @contextmanager
    def run(self, message: str = "Started", *, eta: bool = False) -> Iterator[Run]:
        """Report the beginning and the end of a block: completed, or failed with the exception's message.

        The exception goes on. With `eta`, progress comes with an estimate of the time that remains.
        """
        run = Run(self, eta)
        self.started(message)
        try:
            yield run
        except BaseException as error:
            try:
                if not run.is_over:
                    self.failed(str(error) or type(error).__name__, details={"exception": type(error).__name__})
            except DrumlineError:
                # What went wrong with the work is what the caller is to hear of.
                logger.exception("the failure of %s could not be reported", self.name)
            raise
        if not run.is_over:
            self.completed()


class Run:
    """A component at its work, from its start to its end, which it may report itself in other words."""

    def __init__(self, component: Component, eta: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.component = component
        self.is_over = False
        self._eta = eta
        self._clock = clock
        self._since = clock()

    def progress(
        self,
        progress: float,
        message: str = "",
        *,
        event_type: EventType | str = EventType.PROGRESS_UPDATE,
        details: Mapping[str, object] | None = None,
        estimated_time_remaining: str | None = None,
    ) -> str:
        if self._eta and estimated_time_remaining is None:
            estimated_time_remaining = self._estimate(progress)
        return self.component.progress(
            progress,
            message,
            event_type=event_type,
            details=details,
            estimated_time_remaining=estimated_time_remaining,
        )

    def warning(self, message: str, *, details: Mapping[str, object] | None = None) -> str:
        return self.component.warning(message, details=details)

    def completed(self, message: str = "Completed", *, details: Mapping[str, object] | None = None) -> str:
        self.is_over = True
        return self.component.completed(message, details=details)

    def failed(self, message: str, *, details: Mapping[str, object] | None = None) -> str:
        self.is_over = True
        return self.component.failed(message, details=details)

    def _estimate(self, progress: float) -> str | None:
        """As if the rest took as long for its size as what is done."""
        if not 0 < progress <= 1:
            return None
        return in_words((self._clock() - self._since) * (1 - progress) / progress)


def in_words(seconds: float) -> str:
    """As the contract has it, e.g. "2 minutes"."""
    amount, unit = round(seconds), "second"
    if seconds >= 90 * 60:
        amount, unit = round(seconds / 3_600), "hour"
    elif seconds >= 90:
        amount, unit = round(seconds / 60), "minute"
    return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"


def shorten(message: str) -> str:
    """To what the server takes; whole characters, and a sign that something is missing."""
    encoded = message.encode(errors="replace")
    if len(encoded) <= _MESSAGE_BYTES:
        return message
    return encoded[: _MESSAGE_BYTES - 3].decode(errors="ignore") + "…"
