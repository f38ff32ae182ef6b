"""The words of the original system: lower case in Python, upper case on the wire."""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum


class EventType(str, Enum):
    """What happened."""

    TASK_STARTED = "task_started"
    TASK_COMPLETED = "task_completed"
    TASK_FAILED = "task_failed"
    BELTER_ASSIGNED = "belter_assigned"
    BELTER_STARTED = "belter_started"
    BELTER_COMPLETED = "belter_completed"
    BELTER_FAILED = "belter_failed"
    DRUMMER_ASSIGNED = "drummer_assigned"
    DRUMMER_STARTED = "drummer_started"
    DRUMMER_COMPLETED = "drummer_completed"
    DRUMMER_FAILED = "drummer_failed"
    DATA_GATHERING = "data_gathering"
    DATA_PROCESSING = "data_processing"
    ANALYSIS_STARTED = "analysis_started"
    ANALYSIS_COMPLETED = "analysis_completed"
    SYNTHESIS_STARTED = "synthesis_started"
    SYNTHESIS_COMPLETED = "synthesis_completed"
    PROGRESS_UPDATE = "progress_update"
    WARNING = "warning"
    ERROR = "error"


class ProgressStage(str, Enum):
    """The stage that a task is in."""

    PLANNING = "planning"
    DATA_GATHERING = "data_gathering"
    ANALYSIS = "analysis"
    SYNTHESIS = "synthesis"
    REVIEW = "review"
    COMPLETE = "complete"
    FAILED = "failed"


def to_instant(time: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond. A time without a zone is UTC."""
    utc = time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time.astimezone(timezone.utc)
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def from_instant(text: str) -> datetime:
    """A time as the server writes it: in UTC, without a zone, as the original system has it."""
    return datetime.fromisoformat(text.removesuffix("Z"))


def utc_now() -> datetime:
    """Now in UTC, without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
