"""What befalls the units of a rehearsal is the same whenever the same file is replayed, and its count finds faults."""

from collections import Counter
from dataclasses import replace

from deploy.rehearsal.dispatchers import Sent
from deploy.rehearsal.emergency_desk import EmergencyDesk
from deploy.rehearsal.events import DrawnEvents, events_of
from deploy.rehearsal.going_out import going_out
from deploy.rehearsal.telling import open_request
from tests.unit.rehearsal.months import real_month

FORCE = "west-yorkshire"


def drawn() -> list[DrawnEvents]:
    contacts = [replace(contact, graded=True) for contact in real_month().contacts]
    return [events_of(contact, FORCE) for contact in contacts]


def test_the_same_file_tells_the_same_events() -> None:
    assert drawn() == drawn()


def test_a_marker_is_on_somebody_whom_the_call_names() -> None:  # R-MK-01
    marked = 0
    for contact in real_month().contacts:
        marker = events_of(contact, FORCE).marker
        if marker is not None:
            marked += 1
            named = {(one.given_name, one.family_name) for one in open_request(contact, FORCE).people}
            assert (marker.subject.given_name, marker.subject.family_name) in named
    assert marked


def desk(*seconds: float, unseen: int = 0) -> EmergencyDesk:
    desk = EmergencyDesk(FORCE, [], None)  # type: ignore[arg-type]  # nobody presses here
    desk.shown.extend(seconds)
    desk.unseen = unseen
    return desk


def sent(outcome: str = "HAZARD_OUTCOME_NONE_FOUND", **more: int) -> Sent:
    return Sent(outcomes=Counter({outcome: 3}), **more)


def test_nothing_wrong_is_no_fault() -> None:
    found = going_out(sent(updates_expected=1, updates_acknowledged=1), desk(0.01, 0.2), 0)
    assert found.faults == []
    assert (found.assignments, found.presses, found.worst_press_to_shown_ms) == (3, 2, 200.0)


def test_each_thing_that_may_not_happen_is_a_fault() -> None:  # I3, I4, R-OS-08
    assert going_out(sent("HAZARD_OUTCOME_UNSPECIFIED"), desk(), 0).faults
    assert going_out(sent(updates_expected=1), desk(), 0).faults
    assert going_out(sent(welfare_expected=1), desk(), 0).faults
    assert going_out(sent(), desk(unseen=1), 0).faults
    assert going_out(sent(), desk(), 1).faults
