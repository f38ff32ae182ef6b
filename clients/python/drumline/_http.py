"""GraphQL over one HTTP connection that stays open: what was answered, or that nothing was.

What an answer means is not decided here: see `_verdict`.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Union
from urllib.parse import urlsplit

#: A token, or what gives the present one.
Token = Union[str, Callable[[], str], None]

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


@dataclass(frozen=True)
class Reply:
    """What came back. `body` is None when it was no JSON object."""

    status: int
    body: Mapping[str, object] | None
    #: Seconds, from the header.
    retry_after: float | None = None


class Endpoint:
    """Where the server is, and how to show who asks."""

    def __init__(self, url: str, token: Token, timeout: float, ssl_context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"not the URL of a server: {url!r}; expected e.g. http://127.0.0.1:4000/graphql")
        self.host = parts.hostname
        self.port = parts.port
        self.path = parts.path if parts.path not in ("", "/") else "/graphql"
        if parts.query:
            self.path += f"?{parts.query}"
        self.token = token
        self.timeout = timeout
        self._tls = (ssl_context or ssl.create_default_context()) if parts.scheme == "https" else None

    def connection(self, timeout: float | None = None) -> http.client.HTTPConnection:
        """A connection that connects when it is first used."""
        patience = self.timeout if timeout is None else timeout
        if self._tls is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=patience)
        return http.client.HTTPSConnection(self.host, self.port, timeout=patience, context=self._tls)

    def headers(self, accept: str) -> dict[str, str]:
        token = self.token() if callable(self.token) else self.token
        headers = {"Content-Type": JSON, "Accept": accept}
        # An empty one is what a variable holds that is not set.
        return headers if not token else {**headers, "Authorization": f"Bearer {token}"}


class GraphqlConnection:
    """One request after the other. For one thread."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection = endpoint.connection()

    def post(self, body: bytes) -> Reply:
        """Raise OSError or HTTPException when no answer came; then nobody knows whether the request arrived."""
        # An idle connection may have been closed by the other side. Whatever is sent here may be sent twice.
        was_open = self._connection.sock is not None
        try:
            return self._exchange(body)
        except ConnectionError:
            if not was_open:
                raise
        return self._exchange(body)

    def close(self) -> None:
        self._connection.close()

    def _exchange(self, body: bytes) -> Reply:
        headers = self._endpoint.headers(GRAPHQL_JSON)
        try:
            self._connection.request("POST", self._endpoint.path, body, headers)
            response = self._connection.getresponse()
            return Reply(response.status, parse(response.read()), retry_after(response.getheader("Retry-After")))
        except BaseException:
            # What else would come over it belongs to no question.
            self._connection.close()
            raise


def request_body(query: str, variables: Mapping[str, object]) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def parse(body: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def retry_after(header: str | None) -> float | None:
    """Seconds, or a date of which it is made."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
