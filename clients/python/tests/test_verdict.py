"""What an answer means."""

from __future__ import annotations

import time
import unittest
from email.utils import formatdate

from drumline import Issue
from drumline._http import Reply, retry_after
from drumline._verdict import Later, Recorded, Refused, judge


def failed(code: str, **extensions: object) -> Reply:
    extensions["code"] = code
    return Reply(200, {"errors": [{"message": "why", "extensions": extensions}]})


class JudgeTest(unittest.TestCase):
    def test_recorded_when_there_is_a_result_for_each(self) -> None:
        reply = Reply(200, {"data": {"emitEvents": {"results": [{"duplicate": False}, {"duplicate": True}]}}})
        self.assertEqual(judge(reply, 2), Recorded(duplicates=1))

    def test_an_answer_that_says_too_little_proves_nothing(self) -> None:
        bodies: list[dict[str, object] | None] = [None, {}, {"data": None}, {"data": {"emitEvents": {}}}, {"data": []}]
        for body in bodies:
            with self.subTest(body=body):
                self.assertIsInstance(judge(Reply(200, body), 2), Later)

    def test_codes_that_pass(self) -> None:
        for code in ("OVERLOADED", "RATE_LIMITED", "SHUTTING_DOWN", "STORE_FULL", "STORE_UNAVAILABLE"):
            with self.subTest(code=code):
                self.assertEqual(judge(failed(code), 1), Later(code, "why"))

    def test_the_server_says_when(self) -> None:
        self.assertEqual(judge(failed("OVERLOADED", retryAfterMs=500), 1), Later("OVERLOADED", "why", 0.5))
        by_header = judge(Reply(503, None, retry_after=2), 1)
        self.assertEqual(by_header, Later("HTTP_503", "the answer was HTTP 503, and not of Drumline", 2))

    def test_a_refusal_names_the_events(self) -> None:
        issues = [
            {"path": ["inputs", 1, "progress"], "message": "too much"},
            {"path": ["inputs", 1, "message"], "message": "too long"},
            {"path": ["inputs"], "message": "of no event"},
        ]
        verdict = judge(failed("BAD_USER_INPUT", issues=issues), 2)
        expected = {1: (Issue(("progress",), "too much"), Issue(("message",), "too long"))}
        self.assertEqual(verdict, Refused("BAD_USER_INPUT", "why", expected))

    def test_answers_of_others(self) -> None:
        for status in (408, 425, 429, 500, 502, 503, 504, 200):
            with self.subTest(status=status):
                self.assertIsInstance(judge(Reply(status, None), 1), Later)
        for status in (301, 400, 403, 404, 413):
            with self.subTest(status=status):
                self.assertIsInstance(judge(Reply(status, None), 1), Refused)


class RetryAfterTest(unittest.TestCase):
    def test_seconds_or_a_date(self) -> None:
        self.assertEqual(retry_after("3"), 3)
        self.assertEqual(retry_after("-3"), 0)
        self.assertAlmostEqual(retry_after(formatdate(time.time() + 60, usegmt=True)) or 0, 60, delta=2)
        self.assertIsNone(retry_after("soon"))
        self.assertIsNone(retry_after(None))
