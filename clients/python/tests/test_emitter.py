"""What whoever emits may rely on, whatever the server does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import unittest
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from drumline import Emitter, EmitterClosedError, EmitterFullError, RefusedError
from tests.server import Answer, ScriptedServer, refusal

NOWHERE = "http://127.0.0.1:1/graphql"


def emit(emitter: Emitter, message: str, task_id: str = "t", **rest: Any) -> str:
    return emitter.emit(
        task_id=task_id, event_type="progress_update", component="c", stage="analysis", message=message, **rest
    )


class Refusals:
    def __init__(self) -> None:
        self.seen: list[tuple[object, str]] = []

    def __call__(self, event: dict[str, object], error: RefusedError) -> None:
        self.seen.append((event["message"], error.code))


class EmitterTest(unittest.TestCase):
    def test_what_waits_goes_together_in_order(self) -> None:
        with ScriptedServer() as server, Emitter(server.url, linger=3_600) as emitter:
            for message in ("1", "2", "3"):
                emit(emitter, message)
            self.assertTrue(emitter.flush(10))
            self.assertEqual([asked.messages for asked in server.asked], [["1", "2", "3"]])
            self.assertEqual(emitter.stats, (0, 3, 0, 0))

    def test_an_event_goes_over_the_wire_in_the_words_of_the_contract(self) -> None:
        with ScriptedServer() as server, Emitter(server.url, token="secret") as emitter:
            noon = datetime(2026, 1, 1, 12)
            later = noon.replace(tzinfo=timezone(timedelta(hours=2)))
            rest: dict[str, Any] = {"details": {"n": 1}, "estimated_time_remaining": "1 minute"}
            emit(emitter, "naive", timestamp=noon, event_id="e-1", **rest)
            emit(emitter, "zoned", timestamp=later)
            emitter.flush(10)
            naive, zoned = server.asked[0].inputs
            self.assertEqual(
                naive,
                {
                    "eventId": "e-1",
                    "taskId": "t",
                    "eventType": "PROGRESS_UPDATE",
                    "timestamp": "2026-01-01T12:00:00.000Z",
                    "component": "c",
                    "stage": "ANALYSIS",
                    "message": "naive",
                    "details": {"n": 1},
                    "estimatedTimeRemaining": "1 minute",
                },
            )
            self.assertEqual(zoned["timestamp"], "2026-01-01T10:00:00.000Z")
            self.assertEqual(server.asked[0].headers["authorization"], "Bearer secret")

    def test_a_lost_answer_is_asked_for_again_with_the_same_ids(self) -> None:
        with ScriptedServer(Answer(lost=True), Answer(status=502, body=b"<html>")) as server:
            with Emitter(server.url, max_delay=0.01) as emitter:
                event_id = emit(emitter, "m")
                self.assertTrue(emitter.flush(10))
            self.assertEqual([asked.inputs[0]["eventId"] for asked in server.asked], [event_id] * 3)

    def test_a_connection_that_was_closed_while_idle_is_no_failure(self) -> None:
        with ScriptedServer(Answer(leaves=True)) as server, Emitter(server.url) as emitter:
            with self.assertNoLogs("drumline"):
                for message in ("1", "2"):
                    emit(emitter, message)
                    self.assertTrue(emitter.flush(10))
            self.assertEqual([asked.messages for asked in server.asked], [["1"], ["2"]])

    def test_a_server_that_says_nothing_is_asked_again(self) -> None:
        with ScriptedServer() as server, Emitter(server.url, request_timeout=0.05, max_delay=0) as emitter:
            server.open.clear()
            event_id = emit(emitter, "m")
            self.assertFalse(emitter.flush(0.3))
            server.open.set()
            self.assertTrue(emitter.flush(10))
            self.assertGreater(len(server.asked), 1)
            self.assertEqual({asked.inputs[0]["eventId"] for asked in server.asked}, {event_id})

    def test_it_comes_back_no_sooner_than_it_was_told(self) -> None:
        for answer in (
            refusal("OVERLOADED", retryAfterMs=200),
            Answer(status=503, body=b"", headers={"Retry-After": "0.2"}),
        ):
            with ScriptedServer(answer) as server, Emitter(server.url, max_delay=0) as emitter:
                since = time.monotonic()
                emit(emitter, "m")
                self.assertTrue(emitter.flush(10))
                self.assertGreaterEqual(time.monotonic() - since, 0.2)
                self.assertEqual(len(server.asked), 2)

    def test_a_bad_event_is_taken_out_and_the_others_are_sent_again(self) -> None:
        refusals = Refusals()
        first = refusal("BAD_USER_INPUT", ["inputs", 1, "progress"], ["inputs", 3])
        with ScriptedServer(first, refusal("EVENT_ID_CONFLICT", ["inputs", 0, "eventId"])) as server:
            with Emitter(server.url, linger=3_600, on_refused=refusals) as emitter:
                for message in "01234":
                    emit(emitter, message)
                self.assertTrue(emitter.flush(10))
                self.assertEqual(emitter.stats, (0, 2, 0, 3))
            self.assertEqual([asked.messages for asked in server.asked], [[*"01234"], [*"024"], [*"24"]])
        self.assertEqual(
            refusals.seen, [("1", "BAD_USER_INPUT"), ("3", "BAD_USER_INPUT"), ("0", "EVENT_ID_CONFLICT")]
        )

    def test_a_refusal_that_blames_no_event_is_traced_to_it(self) -> None:
        refusals = Refusals()
        no = Answer(status=413, body=b"")
        # 0123 → 01, 23; 01 is taken; 23 → 2, 3; 2 is taken; 3 is not.
        with ScriptedServer(no, Answer(), no, Answer(), no) as server:
            with Emitter(server.url, linger=3_600, on_refused=refusals) as emitter:
                for message in "0123":
                    emit(emitter, message)
                self.assertTrue(emitter.flush(10))
            tried = [asked.messages for asked in server.asked]
            self.assertEqual(tried, [[*"0123"], [*"01"], [*"23"], ["2"], ["3"]])
        self.assertEqual(refusals.seen, [("3", "HTTP_413")])

    def test_what_is_forbidden_for_one_task_is_not_for_another(self) -> None:
        refusals = Refusals()
        with ScriptedServer(refusal("FORBIDDEN"), refusal("FORBIDDEN")) as server:
            with Emitter(server.url, linger=3_600, on_refused=refusals) as emitter:
                for message, task_id in (("1", "no"), ("2", "yes"), ("3", "no")):
                    emit(emitter, message, task_id)
                self.assertTrue(emitter.flush(10))
            self.assertEqual([asked.messages for asked in server.asked], [[*"123"], [*"13"], ["2"]])
        self.assertEqual(refusals.seen, [("1", "FORBIDDEN"), ("3", "FORBIDDEN")])

    def test_a_batch_that_is_always_too_much_goes_in_parts(self) -> None:
        crowded = refusal("RATE_LIMITED", retryAfterMs=1)
        with ScriptedServer(crowded, crowded, crowded) as server:
            with Emitter(server.url, linger=3_600, max_delay=0) as emitter:
                emit(emitter, "1")
                emit(emitter, "2")
                self.assertTrue(emitter.flush(10))
            self.assertEqual([asked.messages for asked in server.asked], [["1", "2"]] * 3 + [["1"], ["2"]])

    def test_a_token_is_asked_for_again_when_it_is_not_accepted(self) -> None:
        tokens = iter(["old", "new"])
        with ScriptedServer(Answer(status=401, body=refusal("UNAUTHENTICATED").body)) as server:
            with Emitter(server.url, token=lambda: next(tokens), max_delay=0) as emitter:
                emit(emitter, "m")
                self.assertTrue(emitter.flush(10))
            shown = [asked.headers["authorization"] for asked in server.asked]
            self.assertEqual(shown, ["Bearer old", "Bearer new"])

    def test_a_token_that_cannot_change_is_not_tried_again(self) -> None:
        refusals = Refusals()
        with ScriptedServer(Answer(status=401, body=refusal("UNAUTHENTICATED").body)) as server:
            with Emitter(server.url, token="wrong", linger=3_600, on_refused=refusals) as emitter:
                emit(emitter, "1")
                emit(emitter, "2")
                self.assertTrue(emitter.flush(10))
            self.assertEqual(len(server.asked), 1)
        self.assertEqual(refusals.seen, [("1", "UNAUTHENTICATED"), ("2", "UNAUTHENTICATED")])

    def test_without_room_it_raises_or_waits_as_it_was_told(self) -> None:
        with ScriptedServer() as server:
            server.open.clear()
            with Emitter(server.url, max_pending=2, full_timeout=0.01) as emitter:
                emit(emitter, "1")
                emit(emitter, "2")
                for wait in (True, False):
                    with self.assertRaises(EmitterFullError):
                        emit(emitter, "3", wait=wait)
                server.open.set()
                self.assertTrue(emitter.flush(10))
                emit(emitter, "4")
            sent = [message for asked in server.asked for message in asked.messages]
            self.assertEqual(sent, ["1", "2", "4"])

    def test_many_threads_wait_for_room_and_each_keeps_its_order(self) -> None:
        with ScriptedServer() as server:
            with Emitter(server.url, max_pending=7, max_batch=3) as emitter:

                def work(name: str) -> None:
                    for count in range(50):
                        emit(emitter, f"{name} {count}")

                threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            sent = [message for asked in server.asked for message in asked.messages]
            for name in "abcd":
                own = [message for message in sent if message.startswith(name)]
                self.assertEqual(own, [f"{name} {count}" for count in range(50)])
            self.assertEqual(len(sent), 200)

    def test_a_refusal_may_be_reported_by_the_same_emitter(self) -> None:
        with ScriptedServer(refusal("BAD_USER_INPUT", ["inputs", 0])) as server:
            emitter = Emitter(server.url, on_refused=lambda event, error: report(event))

            def report(event: dict[str, object]) -> None:
                emit(emitter, f"refused: {event['message']}")

            emit(emitter, "bad")
            self.assertTrue(emitter.flush(10))
            self.assertTrue(emitter.close(10))
            self.assertEqual([asked.messages for asked in server.asked], [["bad"], ["refused: bad"]])

    def test_who_is_told_of_a_refusal_cannot_wait_for_room(self) -> None:
        raised: list[type[Exception]] = []
        with ScriptedServer(refusal("BAD_USER_INPUT", ["inputs", 0])) as server:
            emitter = Emitter(server.url, max_pending=1, on_refused=lambda event, error: report())

            calls: list[Callable[[], object]] = [lambda: emit(emitter, "refused"), emitter.flush, emitter.close]

            def report() -> None:
                for call in calls:
                    try:
                        call()
                    except Exception as problem:
                        raised.append(type(problem))

            emit(emitter, "bad")
            self.assertTrue(emitter.flush(10))
            self.assertTrue(emitter.close(10))
        self.assertEqual(raised, [EmitterFullError, RuntimeError, RuntimeError])

    def test_what_is_no_event_is_refused_at_once(self) -> None:
        with Emitter(NOWHERE) as emitter:
            for value in (float("nan"), object(), {1, 2}):
                with self.assertRaises((TypeError, ValueError)):
                    emit(emitter, "m", details={"value": value})
            with self.assertRaises(ValueError):
                emitter.emit(task_id="t", event_type="lunch", component="c", stage="review", message="m")
            self.assertEqual(emitter.stats.pending, 0)

    def test_text_that_cannot_be_sent_is_mended(self) -> None:
        with ScriptedServer() as server, Emitter(server.url) as emitter:
            emit(emitter, "a file \udcff ✓")
            emitter.flush(10)
            self.assertEqual(server.asked[0].messages, ["a file ? ✓"])

    def test_closing_ends_though_nobody_answers(self) -> None:
        emitter = Emitter(NOWHERE)
        emit(emitter, "m")
        with self.assertLogs("drumline", "WARNING"):
            self.assertFalse(emitter.close(0.05))
        with self.assertRaises(EmitterClosedError):
            emit(emitter, "late")
        self.assertFalse(emitter.flush())

    def test_what_is_not_a_server_is_said_at_once(self) -> None:
        for url in ("127.0.0.1:4000", "ws://127.0.0.1:4000/graphql", ""):
            with self.assertRaises(ValueError):
                Emitter(url)


class ProcessTest(unittest.TestCase):
    def run_program(self, program: str, url: str) -> str:
        run = subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "URL": url}, capture_output=True, text=True, timeout=30
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stderr

    PROGRAM = """
import os
from drumline import Emitter
emitter = Emitter(os.environ["URL"], linger=3600, exit_timeout=EXIT)
component = emitter.task("t").component("c")
component.warning("1")
"""

    def test_the_end_of_the_program_waits_for_what_is_pending(self) -> None:
        with ScriptedServer() as server:
            self.run_program(self.PROGRAM.replace("EXIT", "10"), server.url)
            self.assertEqual([asked.messages for asked in server.asked], [["1"]])

    def test_but_not_for_ever(self) -> None:
        said = self.run_program(self.PROGRAM.replace("EXIT", "0.1"), NOWHERE)
        self.assertIn("closed while 1 events were not yet recorded", said)

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_after_a_fork_each_sends_its_own(self) -> None:
        fork = """
child = os.fork()
component.warning("child" if child == 0 else "parent")
if child == 0:
    emitter.flush()
    os._exit(0)
os.waitpid(child, 0)
"""
        with ScriptedServer() as server:
            self.run_program(self.PROGRAM.replace("EXIT", "10") + fork, server.url)
            sent = sorted(asked.messages for asked in server.asked)
            self.assertEqual(sent, [["1", "parent"], ["child"]])
