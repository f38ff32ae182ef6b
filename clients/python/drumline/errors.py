"""What can go wrong, told apart by what the caller can do about it."""

from __future__ import annotations

from dataclasses import dataclass


class DrumlineError(Exception):
    """Base of all errors of this package."""


class EmitterFullError(DrumlineError):
    """There was no room for the event in time. It was not taken."""


class EmitterClosedError(DrumlineError):
    """The emitter was closed before. The event was not taken."""


class NoAnswerError(DrumlineError):
    """The server did not answer a question, or asked to come back later."""


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with an event; `path` walks from the event, e.g. `("progress",)`."""

    path: tuple[str | int, ...]
    message: str


class RefusedError(DrumlineError):
    """The server will not take it, however often it is sent. `code` never changes its meaning; new ones may come."""

    def __init__(self, code: str, message: str, issues: tuple[Issue, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.issues = issues
