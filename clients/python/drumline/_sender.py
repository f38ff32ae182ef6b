"""Sends batches until each of their events is recorded or refused, one batch at a time, so that order is kept.

A batch is recorded as a whole or not at all. So an event that the server will not take is taken out of its batch, and
the rest is sent again: by its place, where the answer names one; else by looking for it in ever smaller parts.
"""

from __future__ import annotations

import http.client
import json
import logging
import math
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence

from ._http import Endpoint, GraphqlConnection
from ._queue import Pending
from ._verdict import FAULT, Later, Recorded, Refused, Verdict, judge
from .errors import Issue, RefusedError

logger = logging.getLogger("drumline")

OnRefused = Callable[[dict[str, object], RefusedError], None]

_BEFORE = (
    b'{"query":"mutation Emit($inputs: [EmitEventInput!]!)'
    b' { emitEvents(inputs: $inputs) { results { duplicate } } }","variables":{"inputs":['
)
_AFTER = b"]}}"
#: The first pause after a failure is up to so many seconds.
_FIRST_DELAY = 0.1
#: So often a whole batch is tried after these; then its parts are, which may fare better.
_PATIENCE = {FAULT: 5, "RATE_LIMITED": 3, "OVERLOADED": 3}


class Sender:
    """Of one thread. Others may read what was counted, and stop it."""

    def __init__(self, endpoint: Endpoint, on_refused: OnRefused, max_delay: float) -> None:
        self._endpoint = endpoint
        self._connection = GraphqlConnection(endpoint)
        self._on_refused = on_refused
        self._max_delay = max_delay
        self._stopped = threading.Event()
        self.recorded = 0
        self.duplicates = 0
        self.refused = 0
        self._is_failing = False

    def stop(self) -> None:
        """Try nothing again."""
        self._stopped.set()

    def close(self) -> None:
        self._connection.close()

    def deliver(self, batch: Sequence[Pending]) -> bool:
        """False: it was stopped before all was recorded or refused."""
        parts = deque([batch])
        tries = 0
        while parts:
            verdict = self._try(parts[0])
            if isinstance(verdict, Later):
                tries += 1
                if not self._pause(verdict, tries):
                    return False
                if tries < _PATIENCE.get(verdict.code, math.inf):
                    continue
            part = parts.popleft()
            tries = 0
            parts.extendleft(reversed(self._rest_of(part, verdict)))
        return True

    def _try(self, part: Sequence[Pending]) -> Verdict:
        body = b"".join((_BEFORE, b",".join([event.body for event in part]), _AFTER))
        try:
            verdict = judge(self._connection.post(body), len(part))
        except (OSError, http.client.HTTPException) as problem:
            return Later(type(problem).__name__, str(problem))
        except Exception as problem:  # Of the function that gives the token, say. The thread must live.
            logger.exception("could not send")
            return Later(type(problem).__name__, str(problem))
        if isinstance(verdict, Refused) and verdict.is_unauthenticated and callable(self._endpoint.token):
            return Later(verdict.code, verdict.message)  # It may give another one.
        return verdict

    def _rest_of(self, part: Sequence[Pending], verdict: Verdict) -> list[Sequence[Pending]]:
        """What is still to be sent, in order."""
        if isinstance(verdict, Recorded):
            if self._is_failing:
                logger.info("the server takes events again")
            self._is_failing = False
            self.recorded += len(part)
            self.duplicates += verdict.duplicates
            return []
        if isinstance(verdict, Refused):
            return self._sift(part, verdict)
        if verdict.code == FAULT:
            return self._sift(part, Refused(verdict.code, verdict.message))
        return _halves(part)

    def _sift(self, part: Sequence[Pending], refusal: Refused) -> list[Sequence[Pending]]:
        if any(index in refusal.issues for index in range(len(part))):
            good = [event for index, event in enumerate(part) if index not in refusal.issues]
            for index in sorted(refusal.issues.keys() & range(len(part))):
                self._refuse(part[index], refusal, refusal.issues[index])
            return [good] if good else []
        if not refusal.concerns_caller:
            by_task = _by_task(part)
            if len(by_task) > 1:
                return by_task
            # What one may do goes by the task.
            if len(part) > 1 and refusal.code != "FORBIDDEN":
                return _halves(part)
        for event in part:
            self._refuse(event, refusal, ())
        return []

    def _refuse(self, event: Pending, refusal: Refused, issues: tuple[Issue, ...]) -> None:
        self.refused += 1
        message = "; ".join(issue.message for issue in issues) or refusal.message
        try:
            self._on_refused(json.loads(event.body), RefusedError(refusal.code, message, issues))
        except Exception:
            logger.exception("on_refused failed")

    def _pause(self, verdict: Later, tries: int) -> bool:
        """With full jitter, so that those who were cut at once do not come back at once. False: stopped."""
        if not self._is_failing:
            logger.warning("%s (%s); trying again until it succeeds", verdict.message, verdict.code)
        self._is_failing = True
        delay = random.uniform(0, min(self._max_delay, _FIRST_DELAY * 2 ** min(tries - 1, 16)))
        return not self._stopped.wait(delay + (verdict.delay or 0))


def _halves(part: Sequence[Pending]) -> list[Sequence[Pending]]:
    middle = (len(part) + 1) // 2
    return [half for half in (part[:middle], part[middle:]) if half]


def _by_task(part: Sequence[Pending]) -> list[Sequence[Pending]]:
    tasks: dict[str, list[Pending]] = {}
    for event in part:
        tasks.setdefault(event.task_id, []).append(event)
    return list(tasks.values())
