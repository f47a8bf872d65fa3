"""A force sees what is its own and what was shared with it, and nothing else."""

from uuid import UUID

import pytest

from services.dispatch.domain.records import Incident
from services.dispatch.sharing import handlers
from services.kernel.errors import NotFound
from tests.integration.dispatch.desk import Desk
from tests.unit.dispatch.crews import refused

OTHER = "greater-manchester"


def share(desk: Desk, incident_id: UUID, with_force: str = OTHER) -> Incident:
    return desk.handle(handlers.share_incident, handlers.ShareIncident(incident_id, with_force))


def test_another_force_sees_an_incident_only_once_it_is_shared(desk: Desk) -> None:
    incident_id = desk.grade()
    sent = desk.assign(incident_id, desk.unit("WY1"))
    with pytest.raises(NotFound):
        desk.incident(incident_id, force=OTHER)
    assert desk.shown("incident", OTHER) == []
    shared = share(desk, incident_id)
    assert shared.shared_with == (OTHER,)
    assert desk.incident(incident_id, force=OTHER) == (shared, [sent])
    # From then on its board has the incident, who is sent to it, and every change of both.
    assert [change.assignment.assignment_id for change in desk.shown("assignment", OTHER)] == [str(sent.id)]
    desk.acknowledge(sent.id, "officer-WY1")
    assert desk.shown("assignment", OTHER)[-1].assignment.HasField("acknowledged_at")
    desk.result(incident_id)
    assert desk.shown("incident", OTHER)[-1].incident.result == "ATTENDED"
    assert desk.told(incident_id) == ["IncidentShared", "IncidentResulted"]


def test_sharing_twice_is_sharing_once(desk: Desk) -> None:
    incident_id = desk.grade()
    assert share(desk, incident_id) == share(desk, incident_id)
    assert desk.told(incident_id) == ["IncidentShared"]
    with refused("OWN_FORCE"):
        share(desk, incident_id, "west-yorkshire")


def test_whoever_is_shown_an_incident_may_not_share_it_on_or_send_to_it(desk: Desk) -> None:
    incident_id = desk.grade(force=OTHER)
    desk.handle(handlers.share_incident, handlers.ShareIncident(incident_id, "west-yorkshire"), force=OTHER)
    with pytest.raises(NotFound):
        share(desk, incident_id, "cumbria")
    with pytest.raises(NotFound):
        desk.assign(incident_id, desk.unit("WY1"))
