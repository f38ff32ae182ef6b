"""Emit the events of multi-agent tasks to Drumline: each is recorded exactly once, whatever fails in between.

The program that reports never waits for the network; see `Emitter` for what it may rely on. Programs written for the
original event system change one import: see `drumline.events`.
"""

from .emitter import Emitter, Stats
from .errors import DrumlineError, EmitterClosedError, EmitterFullError, Issue, NoAnswerError, RefusedError
from .model import EventType, ProgressStage
from .task import Component, Role, Run, Task

__all__ = [
    "Component",
    "DrumlineError",
    "Emitter",
    "EmitterClosedError",
    "EmitterFullError",
    "EventType",
    "Issue",
    "NoAnswerError",
    "ProgressStage",
    "RefusedError",
    "Role",
    "Run",
    "Stats",
    "Task",
]
