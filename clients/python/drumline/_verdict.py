"""What an answer to a batch of events means: all recorded, ask again later, or refused.

A batch is recorded as a whole or not at all. Every event has its id, so asking again is always safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ._http import Reply
from .errors import Issue

#: "Not now" rather than "no".
PASSING_CODES = frozenset({"SHUTTING_DOWN", "STORE_UNAVAILABLE", "STORE_FULL", "RATE_LIMITED", "OVERLOADED"})
PASSING_STATUSES = frozenset({408, 425, 429})
#: Who asks is not known: nothing is wrong with any event.
CALLER_CODES = frozenset({"UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_REVOKED", "HTTP_401"})
FAULT = "INTERNAL_SERVER_ERROR"


@dataclass(frozen=True)
class Recorded:
    """`duplicates` of them had been recorded before, by a try whose answer was lost."""

    duplicates: int


@dataclass(frozen=True)
class Later:
    """Nothing is wrong with it, or nobody knows; `delay` in seconds, where the server says one."""

    code: str
    message: str
    delay: float | None = None


@dataclass(frozen=True)
class Refused:
    """`issues` by the place of the event in the batch; empty when the answer blames none."""

    code: str
    message: str
    issues: Mapping[int, tuple[Issue, ...]] = field(default_factory=dict)

    @property
    def is_unauthenticated(self) -> bool:
        return self.code in CALLER_CODES

    @property
    def concerns_caller(self) -> bool:
        """Every event would be answered the same."""
        return self.is_unauthenticated or (self.code.startswith("HTTP_") and self.code != "HTTP_413")


Verdict = Union[Recorded, Later, Refused]


def judge(reply: Reply, count: int) -> Verdict:
    body = reply.body or {}
    errors = [error for error in as_list(body.get("errors")) if isinstance(error, Mapping)]
    if errors:
        return _judge_errors(errors, reply)
    results = as_list(as_mapping(as_mapping(body.get("data")).get("emitEvents")).get("results"))
    if len(results) == count:
        return Recorded(sum(as_mapping(result).get("duplicate") is True for result in results))
    return _judge_status(reply)


def _judge_errors(errors: Sequence[Mapping[str, object]], reply: Reply) -> Verdict:
    extensions = as_mapping(errors[0].get("extensions"))
    code = extensions.get("code")
    if not isinstance(code, str):
        return _judge_status(reply)
    message = str(errors[0].get("message", "no reason was given"))
    if code in PASSING_CODES or code == FAULT:
        return Later(code, message, _delay(extensions.get("retryAfterMs"), reply))
    issues: dict[int, tuple[Issue, ...]] = {}
    for error in errors:
        for issue in as_list(as_mapping(error.get("extensions")).get("issues")):
            place = _place(as_mapping(issue))
            if place is not None:
                index, found = place
                issues[index] = (*issues.get(index, ()), found)
    return Refused(code, message, issues)


def _place(issue: Mapping[str, object]) -> tuple[int, Issue] | None:
    """Which event of the batch is meant: paths begin with the name of the argument and the place in it."""
    path = as_list(issue.get("path"))
    index = path[1] if len(path) > 1 else None
    if not isinstance(index, int):
        return None
    keys = tuple(key for key in path[2:] if isinstance(key, (str, int)))
    return index, Issue(keys, str(issue.get("message")))


def _judge_status(reply: Reply) -> Verdict:
    """Something answered, but not as Drumline does: a proxy, or another program."""
    code = f"HTTP_{reply.status}"
    if 300 <= reply.status < 500 and reply.status not in PASSING_STATUSES:
        return Refused(code, f"the answer was HTTP {reply.status}, and not of Drumline")
    return Later(code, f"the answer was HTTP {reply.status}, and not of Drumline", _delay(None, reply))


def _delay(retry_after_ms: object, reply: Reply) -> float | None:
    if isinstance(retry_after_ms, (int, float)) and retry_after_ms >= 0:
        return float(retry_after_ms) / 1_000
    return reply.retry_after


def as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
