"""What components report, in the words of their role."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

from drumline import Component, Emitter, ProgressStage, Role
from drumline.task import Run, in_words, shorten
from tests.server import ScriptedServer


def reported(report: Callable[[Emitter], None]) -> list[dict[str, Any]]:
    """The events that reach the server."""
    with ScriptedServer() as server:
        with Emitter(server.url, linger=3_600) as emitter:
            report(emitter)
        return [event for asked in server.asked for event in asked.inputs]


def all_of(component: Component) -> None:
    component.assigned("assigned")
    component.started("started")
    component.progress(0.5, "half")
    component.warning("careful")
    component.error("oh")
    component.failed("no")
    component.completed("done")


class ComponentTest(unittest.TestCase):
    def assert_types(self, name: str, role: Role | None, expected: list[tuple[str, str, float | None]]) -> None:
        events = reported(lambda emitter: all_of(emitter.task("t").component(name, role=role)))
        self.assertEqual([(each["eventType"], each["stage"], each.get("progress")) for each in events], expected)
        self.assertEqual({(each["taskId"], each["component"]) for each in events}, {("t", name)})

    def of_kind(self, kind: str, stage: str) -> list[tuple[str, str, float | None]]:
        return [
            (f"{kind}_ASSIGNED", stage, 0),
            (f"{kind}_STARTED", stage, 0),
            ("PROGRESS_UPDATE", stage, 0.5),
            ("WARNING", stage, None),
            ("ERROR", stage, None),
            (f"{kind}_FAILED", stage, None),
            (f"{kind}_COMPLETED", stage, 1),
        ]

    def test_a_drummer_and_a_belter_by_name(self) -> None:
        self.assert_types("search_drummer", None, self.of_kind("DRUMMER", "DATA_GATHERING"))
        self.assert_types("price_belter", None, self.of_kind("BELTER", "ANALYSIS"))

    def test_a_role_that_is_given_beats_the_name(self) -> None:
        self.assert_types("price_belter", Role.DRUMMER, self.of_kind("DRUMMER", "DATA_GATHERING"))

    def test_who_speaks_for_the_task_begins_and_ends_it(self) -> None:
        self.assert_types(
            "camina",
            Role.TASK,
            [
                ("PROGRESS_UPDATE", "PLANNING", 0),
                ("TASK_STARTED", "PLANNING", 0),
                ("PROGRESS_UPDATE", "PLANNING", 0.5),
                ("WARNING", "PLANNING", None),
                ("ERROR", "PLANNING", None),
                ("TASK_FAILED", "FAILED", None),
                ("TASK_COMPLETED", "COMPLETE", 1),
            ],
        )

    def test_another_name_ends_no_task(self) -> None:
        events = reported(lambda emitter: all_of(emitter.task("t").component("camina")))
        self.assertEqual({each["eventType"] for each in events}, {"PROGRESS_UPDATE", "WARNING", "ERROR"})

    def test_a_stage_that_is_given_or_set(self) -> None:
        def report(emitter: Emitter) -> None:
            component = emitter.task("t").component("x_belter", stage="review")
            component.started("1")
            component.stage = ProgressStage.SYNTHESIS
            component.warning("2")

        self.assertEqual([each["stage"] for each in reported(report)], ["REVIEW", "SYNTHESIS"])


class RunTest(unittest.TestCase):
    def test_a_run_reports_its_start_and_its_end(self) -> None:
        def report(emitter: Emitter) -> None:
            with emitter.task("t").component("x_drummer").run("Go") as run:
                run.progress(0.4, "on the way")

        said = [(each["eventType"], each["message"], each["progress"]) for each in reported(report)]
        expected = [("DRUMMER_STARTED", "Go", 0), ("PROGRESS_UPDATE", "on the way", 0.4)]
        self.assertEqual(said, [*expected, ("DRUMMER_COMPLETED", "Completed", 1)])

    def test_an_exception_is_the_failure_and_goes_on(self) -> None:
        def report(emitter: Emitter) -> None:
            for error in (ValueError("x" * 5_000), KeyboardInterrupt()):
                with self.assertRaises(type(error)):
                    with emitter.task("t").component("x_belter").run():
                        raise error

        _, long, _, interrupt = reported(report)
        self.assertEqual((long["eventType"], len(long["message"].encode())), ("BELTER_FAILED", 2_048))
        self.assertEqual(long["details"], {"exception": "ValueError"})
        self.assertEqual(interrupt["message"], "KeyboardInterrupt")

    def test_an_end_in_other_words_is_the_only_one(self) -> None:
        def report(emitter: Emitter) -> None:
            with emitter.task("t").component("x_belter").run() as run:
                run.completed("24 scored")
            with emitter.task("t").component("y_belter").run() as run:
                run.failed("nothing to score")

            with self.assertRaises(ValueError), emitter.task("t").component("z_belter").run() as run:
                run.failed("in other words")
                raise ValueError("in its own")

        types = [each["eventType"] for each in reported(report) if not each["eventType"].endswith("_STARTED")]
        self.assertEqual(types, ["BELTER_COMPLETED", "BELTER_FAILED", "BELTER_FAILED"])

    def test_the_estimate_goes_by_its_own_rate(self) -> None:
        now = 0.0

        def report(emitter: Emitter) -> None:
            nonlocal now
            run = Run(emitter.task("t").component("x_belter"), True, lambda: now)
            now = 40.0
            for progress in (0.0, 0.25, 1.0):
                run.progress(progress)
            run.progress(0.5, estimated_time_remaining="ages")

        said = [each.get("estimatedTimeRemaining") for each in reported(report)]
        self.assertEqual(said, [None, "2 minutes", "0 seconds", "ages"])


class WordsTest(unittest.TestCase):
    def test_time_in_words(self) -> None:
        words = [in_words(seconds) for seconds in (0, 1, 89, 90, 3_600, 5_400, 90_000)]
        expected = ["0 seconds", "1 second", "89 seconds", "2 minutes", "60 minutes", "2 hours", "25 hours"]
        self.assertEqual(words, expected)

    def test_a_message_is_cut_between_characters(self) -> None:
        self.assertEqual(shorten("x" * 2_048), "x" * 2_048)
        self.assertEqual(shorten("✓" * 1_000), "✓" * 681 + "…")
