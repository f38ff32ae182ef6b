"""The original's names, and the stream behind its callbacks."""

from __future__ import annotations

import json
import threading
import unittest
from collections.abc import Mapping
from datetime import datetime

from drumline._http import Endpoint
from drumline._stream import Frame, TaskStream, parse_frames
from drumline.events import Event, EventType, ProgressStage, to_event, to_json_object, to_state
from tests.server import Answer, ScriptedServer


class EventTest(unittest.TestCase):
    def test_an_event_has_the_fields_of_the_original(self) -> None:
        event = Event(
            event_type=EventType.WARNING,
            task_id="t",
            timestamp=datetime(2026, 1, 2, 3, 4, 5, 678),
            component="camina",
            stage=ProgressStage.REVIEW,
            message="m",
        )
        expected = {
            "event_type": "warning",
            "task_id": "t",
            "timestamp": "2026-01-02T03:04:05.000678",
            "component": "camina",
            "stage": "review",
            "message": "m",
            "details": None,
            "progress": None,
            "estimated_time_remaining": None,
        }
        self.assertEqual(event.dict(), expected)
        self.assertEqual(json.loads(event.json()), expected)

    def test_words_become_types_and_others_are_refused(self) -> None:
        rest = {"task_id": "t", "component": "c", "message": "m"}
        event = Event(event_type="data_gathering", stage="analysis", **rest)  # type: ignore[arg-type]
        self.assertIs(event.event_type, EventType.DATA_GATHERING)
        self.assertIs(event.stage, ProgressStage.ANALYSIS)
        self.assertIsNone(event.timestamp.tzinfo)
        with self.assertRaises(ValueError):
            Event(event_type="lunch", stage="analysis", **rest)  # type: ignore[arg-type]

    def test_details_that_json_does_not_have_go_as_text(self) -> None:
        details = {"at": datetime(2026, 1, 2), "rate": float("nan"), "stage": ProgressStage.REVIEW, "n": [1, None]}
        expected = {"at": "2026-01-02 00:00:00", "rate": "NaN", "stage": "review", "n": [1, None]}
        self.assertEqual(to_json_object(details), expected)

    def test_from_the_wire(self) -> None:
        wire = {
            "eventType": "TASK_FAILED",
            "taskId": "t",
            "timestamp": "2026-01-02T03:04:05.678Z",
            "component": "c",
            "stage": "FAILED",
            "message": "m",
            "details": {"n": 1},
            "progress": 1,
            "estimatedTimeRemaining": None,
        }
        event = to_event(wire)
        self.assertEqual((event.event_type, event.stage), (EventType.TASK_FAILED, ProgressStage.FAILED))
        self.assertEqual(event.timestamp, datetime(2026, 1, 2, 3, 4, 5, 678_000))
        self.assertEqual((event.details, event.progress, event.estimated_time_remaining), ({"n": 1}, 1.0, None))

    def test_the_state_is_the_dictionary_of_the_original(self) -> None:
        progress = {
            "stage": "ANALYSIS",
            "startedAt": "2026-01-02T03:04:05.678Z",
            "lastUpdate": "2026-01-02T03:04:06.000Z",
            "overallProgress": 0.5,
            "components": [{"name": "camina", "status": "TASK_STARTED", "progress": 0.5}],
        }
        self.assertEqual(
            to_state(progress),
            {
                "stage": ProgressStage.ANALYSIS,
                "started_at": "2026-01-02T03:04:05.678000",
                "last_update": "2026-01-02T03:04:06",
                "components": {"camina": {"status": EventType.TASK_STARTED, "progress": 0.5}},
                "overall_progress": 0.5,
            },
        )


class StreamTest(unittest.TestCase):
    def test_frames(self) -> None:
        text = (
            b": hello\n\nid: a\nevent: next\ndata: 1\ndata:2\n\nretry: 1500\n\n"
            b"event: complete\ndata:\n\nid: cut\ndata: off"
        )
        self.assertEqual(
            list(parse_frames(text.splitlines(keepends=True))),
            [Frame("next", "1\n2", "a", None), Frame("message", "", None, 1.5), Frame("complete", "", None, None)],
        )

    def test_it_goes_on_behind_the_last_that_it_told(self) -> None:
        script = [
            sse(item(1) + item(2)),
            Answer(status=503, body=b""),
            sse(item(3) + b'event: next\ndata: {"data":{"taskUpdates":{"__typename":"TaskEnded"}}}\n\n'),
        ]
        told: list[object] = []
        over = threading.Event()

        def tell(event: Mapping[str, object]) -> bool:
            told.append(event["message"])
            return True

        with ScriptedServer(*script) as server:
            TaskStream(Endpoint(server.url, "secret", 5), "t", "from-here", tell, over.set).start()
            self.assertTrue(over.wait(20))
            self.assertEqual(told, ["1", "2", "3"])
            self.assertEqual([asked.headers.get("last-event-id") for asked in server.asked], [None, "at-2", "at-2"])
            self.assertEqual(server.asked[0].body["variables"]["after"], "from-here")

    def test_what_was_not_told_comes_again_and_a_refusal_ends_it(self) -> None:
        gone = b'event: next\ndata: {"errors":[{"message":"m","extensions":{"code":"TASK_DELETED"}}]}\n\n'
        over = threading.Event()

        def tell(event: Mapping[str, object]) -> bool:
            raise RuntimeError("not now")

        with ScriptedServer(sse(item(1)), sse(gone)) as server, self.assertLogs("drumline", "ERROR"):
            TaskStream(Endpoint(server.url, None, 5), "t", None, tell, over.set).start()
            self.assertTrue(over.wait(20))
            self.assertEqual([asked.headers.get("last-event-id") for asked in server.asked], [None, None])
            self.assertTrue(server.asked[0].body["variables"]["replay"])


def item(number: int) -> bytes:
    update = {"__typename": "TaskEventRecorded", "event": {"message": str(number)}}
    return f"id: at-{number}\nevent: next\ndata: {json.dumps({'data': {'taskUpdates': update}})}\n\n".encode()


def sse(body: bytes) -> Answer:
    return Answer(body=body, headers={"Content-Type": "text/event-stream"})
