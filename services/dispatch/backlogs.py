"""What can pile up in dispatch, and who owns it."""

from services.dispatch.domain.terms import DeviceTest, HazardOutcome, TaskKind, UnitStatus
from services.kernel.backlog import Backlog

_QUEUED = "select count(*) as size, min(first_contact_at) as oldest from incident where state = 1"
_TASKS = "select count(*) as size, min(raised_at) as oldest from task where done_at is null"
_OPEN = "from assignment where state <> 4"


def _tray(owner: str) -> Backlog:
    name = f"dispatch.tasks-{owner.replace(' ', '-')}"
    return Backlog(name, owner, "Tasks that wait for this post.", f"{_TASKS} and owner = '{owner}'")


BACKLOGS = (
    Backlog(
        "dispatch.queue-emergency",
        "duty inspector",
        "Incidents of the most urgent grade to which nobody is sent.",
        f"{_QUEUED} and urgency = 1",
    ),
    Backlog(
        "dispatch.queue-priority",
        "duty sergeant",
        "Incidents of the second grade to which nobody is sent.",
        f"{_QUEUED} and urgency = 2",
    ),
    Backlog(
        "dispatch.queue-later",
        "control room supervisor",
        "Incidents of the lower grades to which nobody is sent.",
        f"{_QUEUED} and urgency > 2",
    ),
    Backlog(
        "dispatch.escalations",
        "control room supervisor",
        "Incidents that somebody was told of because nobody is sent, and still nobody is (R-DP-01).",
        f"{_TASKS} and kind = {TaskKind.UNRESOURCED:d}",
    ),
    Backlog(
        "dispatch.assignments-unacknowledged",
        "dispatcher",
        "Crews that were sent and have not said that they know.",
        f"select count(*) as size, min(assigned_at) as oldest {_OPEN} and state = 1",
    ),
    Backlog(
        "dispatch.hazards-unacknowledged",
        "dispatcher",
        "Crews that were told of a hazard and have not said that they know it (R-MK-03).",
        f"select count(*) as size, min(hazard_told_at) as oldest {_OPEN} and hazard_acknowledged < hazard_version "
        f"and (hazard_outcome <> {HazardOutcome.NONE_FOUND:d} or hazard_version > 1)",
    ),
    Backlog(
        "dispatch.hazards-not-checked",
        "control room supervisor",
        "Crews that are on their way while nobody could look for hazards (I3).",
        f"select count(*) as size, min(hazard_checked_at) as oldest {_OPEN} "
        f"and hazard_outcome = {HazardOutcome.NOT_CHECKED:d}",
    ),
    Backlog(
        "dispatch.marker-replica",
        "platform on-call",
        "Markers of officer safety that dispatch does not hold; the age is that of the replica, full or not.",
        "select greatest(ledger_markers - held_markers, (as_of is null)::int, 0)::bigint as size, as_of as oldest "
        "from marker_replica",
        real_time=True,
    ),
    Backlog(
        "dispatch.units-untested",
        "control room supervisor",
        "Units on duty that nobody may send, because a radio of theirs has not passed its test (R-OS-07).",
        "select count(*) as size, min(status_since) as oldest from unit "
        f"where status <> {UnitStatus.OFF_DUTY:d} and device_test in ({DeviceTest.WAITING:d}, {DeviceTest.FAILED:d})",
    ),
    Backlog(
        "dispatch.radios-silent",
        "control room supervisor",
        "Radios on duty that officer safety does not hear (R-OS-07).",
        "select count(*) as size, min(silent_since) as oldest from radio_in_use where silent_since is not null",
    ),
    _tray("dispatcher"),
    _tray("duty sergeant"),
    _tray("duty inspector"),
    _tray("control room supervisor"),
)
