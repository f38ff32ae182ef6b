"""Questions to the server that are answered at once or not at all."""

from __future__ import annotations

import http.client
from collections.abc import Mapping

from ._http import Endpoint, GraphqlConnection, request_body
from ._verdict import FAULT, PASSING_CODES, as_list, as_mapping
from .errors import NoAnswerError, RefusedError

_INIT = "mutation Init($taskId: ID!) { initTask(input: { taskId: $taskId }) { created } }"
_PROGRESS = """query Progress($taskId: ID!) {
  taskProgress(taskId: $taskId) {
    stage startedAt lastUpdate overallProgress cursor
    components { name status progress }
  }
}"""


class Questions:
    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def init_task(self, task_id: str) -> None:
        self._ask(_INIT, task_id)

    def progress(self, task_id: str) -> Mapping[str, object] | None:
        """None: no such task is known."""
        progress = self._ask(_PROGRESS, task_id).get("taskProgress")
        return None if progress is None else as_mapping(progress)

    def _ask(self, query: str, task_id: str) -> Mapping[str, object]:
        connection = GraphqlConnection(self._endpoint)
        try:
            reply = connection.post(request_body(query, {"taskId": task_id}))
        except (OSError, http.client.HTTPException) as problem:
            raise NoAnswerError(f"no answer: {problem}") from problem
        finally:
            connection.close()
        body = reply.body or {}
        errors = as_list(body.get("errors"))
        if errors:
            error = as_mapping(errors[0])
            code = str(as_mapping(error.get("extensions")).get("code", f"HTTP_{reply.status}"))
            message = str(error.get("message"))
            if code in PASSING_CODES or code == FAULT:
                raise NoAnswerError(f"{code}: {message}")
            raise RefusedError(code, message)
        if body.get("data") is None:
            raise NoAnswerError(f"HTTP {reply.status}, and not of Drumline")
        return as_mapping(body["data"])
