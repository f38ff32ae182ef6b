#!/usr/bin/env python3
"""Emit events with nothing but Python's standard library.

Every event gets its id before it is first sent. So whatever is lost on the way, the request or the answer, it is sent
again and recorded once; and running this script again adds nothing.

    python3 examples/emit.py first-task
"""

import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("DRUMLINE_URL", "http://127.0.0.1:4000/graphql")
EMIT = "mutation Emit($input: EmitEventInput!) { emitEvent(input: $input) { duplicate event { sequence } } }"

# Nothing was recorded, or nobody knows whether it was: either way the same event may be sent again.
RETRYABLE = {"STORE_UNAVAILABLE", "SHUTTING_DOWN"}
TRIES = 8


class Refused(Exception):
    """The server will not take this event, however often it is sent."""


class Component:
    """Reports what one part of a task does."""

    def __init__(self, task_id, name):
        self.task_id = task_id
        self.name = name
        self.count = 0

    def emit(self, event_type, stage, message, **rest):
        """Return the event's place in its task's log, once the event is durable."""
        self.count += 1
        event = {
            "eventId": f"{self.name}-{self.count}",
            "taskId": self.task_id,
            "eventType": event_type,
            "component": self.name,
            "stage": stage,
            "message": message,
            **rest,
        }
        for attempt in range(TRIES):
            try:
                return post(event)
            except (OSError, http.client.HTTPException) as problem:
                print(f"{event['eventId']}: {problem}; trying again", file=sys.stderr)
                time.sleep(random.uniform(0, min(5, 0.1 * 2**attempt)))
        raise ConnectionError(f"gave up on {event['eventId']} after {TRIES} tries")


def post(event):
    body = json.dumps({"query": EMIT, "variables": {"input": event}}).encode()
    request = urllib.request.Request(URL, body, {"Content-Type": "application/json", "Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as problem:
        if problem.code in (502, 503, 504):
            raise
        raise Refused(f"HTTP {problem.code}: {problem.read().decode(errors='replace')}") from problem
    errors = answer.get("errors", [])
    if any(error["extensions"]["code"] in RETRYABLE for error in errors):
        raise ConnectionError(errors[0]["message"])
    if errors:
        raise Refused(json.dumps(errors))
    return answer["data"]["emitEvent"]["event"]["sequence"]


def main(task_id):
    camina = Component(task_id, "camina")
    survey = Component(task_id, "survey_drummer")

    camina.emit("TASK_STARTED", "PLANNING", "Survey three districts", progress=0)
    for done, district in enumerate(["Harbour", "Old Town", "Heights"], start=1):
        survey.emit("DATA_GATHERING", "DATA_GATHERING", f"{district} surveyed", progress=done / 3)
    camina.emit("SYNTHESIS_STARTED", "SYNTHESIS", "Writing it up", progress=0.5, details={"districts": 3})
    last = camina.emit("TASK_COMPLETED", "COMPLETE", "Survey finished", progress=1)
    print(f"{task_id}: {last} events recorded")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "first-task")
