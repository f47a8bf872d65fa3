"""The measures of dispatch and officer safety, in the report beside the others: they run one after the other."""

import uvloop

from bench import positions, presses, recommend, streams
from bench.report import Report
from deploy.local.platform import Platform

_PRESS_P99_MS, _POSITIONS_CORE, _RECOMMEND_P99_MS = 40.0, 0.10, 10.0


def measure_control_room(platform: Platform, report: Report) -> None:
    """Presses, positions, recommendations and idle streams. The platform has to be up and quiet."""
    pressed = uvloop.run(presses.measure(platform))
    loaded, quiet = pressed["loaded"], pressed["quiet"]
    report.judge("press → last of 20 watchers, loaded, p99", loaded.p99_ms, _PRESS_P99_MS, at_least=False, unit=" ms")
    report.note("press → last of 20 watchers, quiet, p99", quiet.p99_ms, " ms")
    report.note("press → last of 20 watchers, loaded ÷ quiet", loaded.p99_ms / quiet.p99_ms)
    sent = uvloop.run(positions.measure(platform))
    report.note("positions taken", sent.per_second, " a second")
    report.judge("positions: share of a core", sent.share_of_core, _POSITIONS_CORE, at_least=False)
    asked = uvloop.run(recommend.measure(platform))
    report.judge("RecommendUnits among 10,000 units, p99", asked.p99_ms, _RECOMMEND_P99_MS, at_least=False, unit=" ms")
    held = uvloop.run(streams.measure(platform))
    report.note(f"memory of one of {held.streams:,} idle streams", held.server_kb_a_stream, " kB")
    report.note(f"dispatch-api with {held.streams:,} idle streams", held.server_mb_with, " MB")
