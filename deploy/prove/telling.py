"""Reports as people make them, all invented: what the experiments send to call intake."""

import random
from datetime import datetime, timedelta
from uuid import uuid4

from deploy.people.line import Line
from deploy.people.synthetic import person
from deploy.prove.stage import FORCE
from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place
from services.kernel.wire import stamp

_BURGLARY = "28E"
_TOLD = "REVIEW, nobody real"
_THRIVE = types.Thrive(threat=_TOLD, harm=_TOLD, risk=_TOLD, investigation=_TOLD, vulnerability=_TOLD, engagement=_TOLD)


def report_of_burglary(rng: random.Random, now: datetime, *, confirmed: bool = True) -> api.OpenContactRequest:
    """A report with one alleged crime; one that is not confirmed waits for a person's decision."""
    relation = types.REPORTER_RELATION_VICTIM if confirmed else types.REPORTER_RELATION_OTHER_THIRD_PARTY
    victim = person("v1", rng, now.date())
    people = [victim] if confirmed else [victim, person("r1", rng, now.date())]
    return api.OpenContactRequest(
        request_id=str(uuid4()),
        force=FORCE,
        channel=types.CHANNEL_NON_EMERGENCY_101,
        category=types.INCIDENT_CATEGORY_CRIME,
        first_contact_at=stamp(now - timedelta(seconds=30)),
        reporter_ref="v1" if confirmed else "r1",
        reporter_relation=relation,
        people=people,
        place=Place(address="On or near Review Street", lsoa="E01011363"),
        narrative="REVIEW, nobody real.",
        allegations=[api.NewAllegation(offence_code=_BURGLARY, victim_ref="v1", victim_confirms=confirmed)],
    )


def call_for_help(
    now: datetime, place: Place, people: list[Person], vehicles: list[str] | None = None
) -> api.OpenContactRequest:
    """An emergency call about a place and people, with nothing alleged yet."""
    return api.OpenContactRequest(
        request_id=str(uuid4()),
        force=FORCE,
        channel=types.CHANNEL_EMERGENCY_999,
        category=types.INCIDENT_CATEGORY_PUBLIC_SAFETY_AND_WELFARE,
        first_contact_at=stamp(now - timedelta(seconds=30)),
        reporter_relation=types.REPORTER_RELATION_WITNESS,
        people=people,
        place=place,
        narrative="REVIEW, nobody real.",
        vehicle_registrations=vehicles or [],
    )


async def graded(line: Line, request: api.OpenContactRequest, grade: str) -> str:
    """Takes a call, assesses and grades it; returns the id of its incident."""
    opened = await line.ask(line.intake.OpenContact, request, "call_handler")
    thrive = api.AssessThriveRequest(request_id=str(uuid4()), contact_id=opened.contact_id, thrive=_THRIVE)
    await line.ask(line.intake.AssessThrive, thrive, "call_handler")
    grading = api.GradeContactRequest(request_id=str(uuid4()), contact_id=opened.contact_id, grade=grade)
    reply = await line.ask(line.intake.GradeContact, grading, "call_handler")
    return reply.incident.incident_id
