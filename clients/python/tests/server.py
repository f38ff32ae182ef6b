"""A server that answers as a test says, on a real socket, and remembers what it was sent."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass
class Answer:
    """Events are taken unless `body` says otherwise.

    `lost`: the connection is closed without a word. `leaves`: it is closed after the answer, which did not say so.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    leaves: bool = False


@dataclass
class Asked:
    headers: dict[str, str]
    body: Any

    @property
    def inputs(self) -> list[dict[str, Any]]:
        inputs: list[dict[str, Any]] = self.body["variables"]["inputs"]
        return inputs

    @property
    def messages(self) -> list[str]:
        return [event["message"] for event in self.inputs]


def refusal(code: str, *paths: list[str | int], **extensions: object) -> Answer:
    issues = [{"path": path, "message": "is wrong"} for path in paths]
    if issues:
        extensions["issues"] = issues
    extensions["code"] = code
    error = {"message": code.lower(), "extensions": extensions}
    return Answer(body={"errors": [error], "data": None})


class ScriptedServer:
    """Gives the answers of its script one after the other, and then takes everything."""

    def __init__(self, *script: Answer) -> None:
        self.asked: list[Asked] = []
        self.script = deque(script)
        #: Cleared, no answer is given until it is set.
        self.open = threading.Event()
        self.open.set()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes; the second is not to wait for the other side.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                owner.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/graphql"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        asked = Asked({name.lower(): value for name, value in handler.headers.items()}, body)
        self.asked.append(asked)
        answer = self.script.popleft() if self.script else Answer()
        self.open.wait()
        if answer.lost:
            handler.close_connection = True
            return
        content = answer.body
        if content is None:
            content = {"data": {"emitEvents": {"results": [{"duplicate": False} for _ in asked.inputs]}}}
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = handler.close_connection or answer.leaves

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
