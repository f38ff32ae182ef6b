"""One task's events as the server records them, each once and in order, across any number of cuts.

Every frame of the stream bears its place as an id; whoever comes back with the last one goes on just behind it.
"""

from __future__ import annotations

import http.client
import json
import logging
import random
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ._http import Endpoint, request_body
from ._verdict import PASSING_CODES, PASSING_STATUSES, as_list, as_mapping

logger = logging.getLogger("drumline")

Tell = Callable[[Mapping[str, object]], bool]

_FOLLOW = """subscription Follow($taskId: ID!, $after: String, $replay: Boolean) {
  taskUpdates(taskId: $taskId, after: $after, replay: $replay) {
    __typename
    ... on TaskEventRecorded {
      event {
        eventType taskId timestamp component stage message details progress estimatedTimeRemaining
      }
    }
    ... on TaskGap { reason }
  }
}"""
#: A server says every twelve seconds that it is there.
_SILENCE = 40.0
_MAX_DELAY = 5.0


@dataclass(frozen=True)
class Frame:
    """One event of the stream, by the grammar of server-sent events."""

    event: str
    data: str
    id: str | None
    retry: float | None


def parse_frames(lines: Iterable[bytes]) -> Iterator[Frame]:
    """A frame ends at an empty line. One that is cut off was not sent."""
    event = "message"
    data: list[str] = []
    frame_id: str | None = None
    retry: float | None = None
    for raw in lines:
        line = raw.decode(errors="replace").rstrip("\r\n")
        if line == "":
            if data or frame_id is not None or retry is not None or event != "message":
                yield Frame(event, "\n".join(data), frame_id, retry)
            event, data, frame_id, retry = "message", [], None, None
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            frame_id = value
        elif name == "retry" and value.isdecimal():
            retry = int(value) / 1_000


class TaskStream:
    """Follows a task in a thread of its own, until the task ends, is deleted, or `stop` is called."""

    def __init__(self, endpoint: Endpoint, task_id: str, after: str | None, tell: Tell, on_over: Callable[[], None]):
        """`after` None: from the task's first event on. `tell` gets each event; False ends the stream."""
        self._endpoint = endpoint
        self._task_id = task_id
        self._after = after
        self._last_id: str | None = None
        self._tell = tell
        self._on_over = on_over
        self._retry: float | None = None
        self._stopped = threading.Event()
        self._socket: socket.socket | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"drumline-{self._task_id}", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        open_socket = self._socket
        if open_socket is not None:
            try:
                open_socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It was closed meanwhile.

    def _run(self) -> None:
        try:
            self._follow_until_over()
        finally:
            self._on_over()

    def _follow_until_over(self) -> None:
        tries = 0
        while not self._stopped.is_set():
            place = self._last_id
            try:
                if self._follow():
                    return
            except Exception as problem:
                if self._stopped.is_set():
                    return
                is_cut = isinstance(problem, (OSError, http.client.HTTPException))
                logger.log(
                    logging.DEBUG if is_cut else logging.ERROR,
                    "the stream of %s was cut: %s",
                    self._task_id,
                    problem,
                )
            tries = 0 if self._last_id != place else tries + 1
            delay = random.uniform(0, min(_MAX_DELAY, 0.1 * 2 ** min(tries, 16)))
            self._stopped.wait(delay + (self._retry or 0))

    def _follow(self) -> bool:
        """One connection. True: the stream is over; False: it was cut."""
        self._retry = None
        connection = self._endpoint.connection(_SILENCE)
        try:
            connection.connect()
            self._socket = connection.sock
            if self._stopped.is_set():
                return True
            connection.request("POST", self._endpoint.path, self._question(), self._headers())
            response = connection.getresponse()
            if response.status != 200:
                return self._is_final(response)
            return self._read(response)
        finally:
            self._socket = None
            connection.close()

    def _question(self) -> bytes:
        # Null counts as left out.
        variables = {"taskId": self._task_id, "after": self._after, "replay": self._after is None}
        return request_body(_FOLLOW, variables)

    def _headers(self) -> dict[str, str]:
        headers = self._endpoint.headers("text/event-stream")
        return headers if self._last_id is None else {**headers, "Last-Event-ID": self._last_id}

    def _is_final(self, response: http.client.HTTPResponse) -> bool:
        """At the end of a finished task there is nothing to come: 204."""
        status = response.status
        if status == 204:
            return True
        if status >= 500 or status in PASSING_STATUSES:
            return False
        logger.error("the stream of %s was refused: HTTP %d", self._task_id, status)
        return True

    def _read(self, response: http.client.HTTPResponse) -> bool:
        for frame in parse_frames(response):
            if self._stopped.is_set():
                return True
            if frame.retry is not None:
                self._retry = frame.retry
            if frame.event == "complete":
                return True
            if frame.event == "next":
                over = self._take(as_mapping(json.loads(frame.data)))
                if over is not None:
                    return over
            # Only now: what was not told is to come again.
            if frame.id:
                self._last_id = frame.id
        return False

    def _take(self, result: Mapping[str, object]) -> bool | None:
        """None: go on. True: it is over. False: come back."""
        update = as_mapping(as_mapping(result.get("data")).get("taskUpdates"))
        errors = as_list(result.get("errors"))
        if errors:
            error = as_mapping(errors[0])
            code = as_mapping(error.get("extensions")).get("code")
            if code in PASSING_CODES:
                return False
            logger.error("the stream of %s ended: %s (%s)", self._task_id, error.get("message"), code)
            return True
        kind = update.get("__typename")
        if kind == "TaskEnded":
            return True
        if kind == "TaskGap":
            logger.warning("events of %s were missed: %s", self._task_id, update.get("reason"))
        if kind == "TaskEventRecorded" and not self._tell(as_mapping(update.get("event"))):
            return True
        return None
