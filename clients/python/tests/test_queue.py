"""What waits is bounded and keeps its order."""

from __future__ import annotations

import threading
import time
import unittest

from drumline import EmitterClosedError, EmitterFullError
from drumline._queue import Bounds, Pending, SendQueue


def queue(
    batch_events: int = 1_000,
    batch_bytes: int = 1_000_000,
    linger: float = 60,
    pending_events: int = 10,
    pending_bytes: int = 1_000,
) -> SendQueue:
    return SendQueue(Bounds(batch_events, batch_bytes, linger, pending_events, pending_bytes))


def event(body: bytes = b"x") -> Pending:
    return Pending("task", body, time.monotonic())


class SendQueueTest(unittest.TestCase):
    def test_a_batch_goes_when_it_is_full_by_count(self) -> None:
        events = queue(batch_events=2)
        for body in (b"1", b"2", b"3"):
            events.put(event(body), 0)
        self.assertEqual([each.body for each in events.take()], [b"1", b"2"])

    def test_a_batch_goes_when_it_is_full_by_bytes_and_is_no_larger(self) -> None:
        events = queue(batch_bytes=5)
        for body in (b"111", b"22", b"3"):
            events.put(event(body), 0)
        self.assertEqual([each.body for each in events.take()], [b"111", b"22"])

    def test_one_event_that_is_larger_than_a_batch_goes_alone(self) -> None:
        events = queue(batch_bytes=2, pending_bytes=2)
        events.put(event(b"large"), 0)
        self.assertEqual([each.body for each in events.take()], [b"large"])

    def test_a_batch_goes_when_its_first_event_has_waited(self) -> None:
        events = queue(linger=0.01)
        events.put(event(), 0)
        self.assertEqual(len(events.take()), 1)

    def test_waiting_for_the_end_does_not_linger(self) -> None:
        events = queue(linger=3_600)
        events.put(event(), 0)
        sender = threading.Thread(target=lambda: events.settle(events.take()))
        sender.start()
        self.assertTrue(events.wait_until_settled(10))
        sender.join()

    def test_there_is_room_for_so_many_events_those_on_their_way_included(self) -> None:
        events = queue(pending_events=2, linger=0)
        events.put(event(), 0)
        batch = events.take()
        events.put(event(), 0)
        with self.assertRaises(EmitterFullError):
            events.put(event(), 0)
        events.settle(batch)
        events.put(event(), 0)
        self.assertEqual(events.pending, 2)

    def test_there_is_room_for_so_many_bytes(self) -> None:
        events = queue(pending_bytes=4)
        events.put(event(b"333"), 0)
        with self.assertRaises(EmitterFullError):
            events.put(event(b"22"), 0.001)
        events.put(event(b"1"), 0)

    def test_who_waits_for_room_makes_the_others_go(self) -> None:
        events = queue(pending_events=1, linger=3_600)
        events.put(event(b"first"), 0)
        waiting = threading.Thread(target=lambda: events.put(event(b"second"), 10))
        waiting.start()
        events.settle(events.take())
        waiting.join()
        self.assertEqual(events.pending, 1)

    def test_closed_it_takes_nothing_and_gives_what_it_has(self) -> None:
        events = queue(linger=3_600)
        events.put(event(), 0)
        events.close()
        with self.assertRaises(EmitterClosedError):
            events.put(event(), None)
        self.assertEqual(len(events.take()), 1)
        self.assertEqual(events.take(), [])

    def test_what_is_abandoned_is_not_waited_for(self) -> None:
        events = queue()
        events.put(event(), 0)
        events.abandon()
        self.assertFalse(events.wait_until_settled(None))
