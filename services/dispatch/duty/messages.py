"""What crews do, as requests write it: the way in, which checks every field."""

import re
from datetime import date, datetime

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from services.dispatch.domain.records import CrewMember, Skill
from services.dispatch.domain.terms import UnitStatus
from services.dispatch.duty.handlers import BookOn, OverrideDeviceTest, SetUnitStatus
from services.dispatch.reference.units import duty_rules, skill_codes
from services.kernel.reference import local_date
from services.kernel.validation import Check

_RADIO = r"[A-Za-z0-9:._-]{1,64}"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_CREW = 8
_MOST_RADIOS = 16
_MOST_SKILLS = 30
_EXPLANATION_LONGEST = 1_000


def book_on_from(request: api.BookOnRequest, force: str, now: datetime) -> BookOn:
    """Who comes on duty with what, until when.

    Raises Invalid naming every field that breaks a rule, as all of these do.
    """
    check = Check(now)
    unit_id = check.uuid("unit_id", request.unit_id)
    if not 1 <= len(request.crew) <= _MOST_CREW:
        check.violation("crew", f"must have 1 to {_MOST_CREW} entries")
    known = skill_codes(force, local_date(now))
    crew = tuple(_member(check, f"crew[{n}]", member, known) for n, member in enumerate(request.crew[:_MOST_CREW]))
    if len({member.officer_id for member in crew}) != len(crew):
        check.violation("crew", "must name each officer once")
    if not 1 <= len(request.radios) <= _MOST_RADIOS:
        check.violation("radios", f"must have 1 to {_MOST_RADIOS} entries")
    radios = tuple(
        check.text(f"radios[{n}]", radio, longest=64, required=True, pattern=_RADIO)
        for n, radio in enumerate(request.radios[:_MOST_RADIOS])
    )
    if len(set(radios)) != len(radios):
        check.violation("radios", "must name each radio once")
    ends = _shift_end(check, request, force)
    check.done()
    return BookOn(unit_id, crew, radios, ends)


def _shift_end(check: Check, request: api.BookOnRequest, force: str) -> datetime:
    given = request.HasField("shift_ends_at")
    ends = check.moment("shift_ends_at", request.shift_ends_at, given=given)
    longest = duty_rules(force, local_date(check.now)).longest_shift
    if not given:
        check.violation("shift_ends_at", "must be given")
    elif ends is not None and not check.now < ends <= check.now + longest:
        check.violation("shift_ends_at", f"must be within {longest.total_seconds() / 3600:g} hours from now")
    return ends or check.now


def _member(check: Check, at: str, member: types.CrewMember, known: frozenset[str]) -> CrewMember:
    officer = check.text(f"{at}.officer_id", member.officer_id, longest=128, required=True)
    if len(member.skills) > _MOST_SKILLS:
        check.violation(f"{at}.skills", f"must have at most {_MOST_SKILLS} entries")
    skills = tuple(
        _skill(check, f"{at}.skills[{n}]", skill, known) for n, skill in enumerate(member.skills[:_MOST_SKILLS])
    )
    if len({skill.code for skill in skills}) != len(skills):
        check.violation(f"{at}.skills", "must name each skill once")
    return CrewMember(officer, skills)


def _skill(check: Check, at: str, skill: types.Skill, known: frozenset[str]) -> Skill:
    if skill.code not in known:
        check.violation(f"{at}.code", "is not a code of the table of skills", "CODE_UNKNOWN")
    return Skill(skill.code, _day(check, f"{at}.expires_on", skill.expires_on))


def _day(check: Check, field: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        check.violation(field, "must be a date as YYYY-MM-DD")
    return day


def override_from(request: api.OverrideDeviceTestRequest, now: datetime) -> OverrideDeviceTest:
    """Which unit may work without a passed test, and why."""
    check = Check(now)
    unit_id = check.uuid("unit_id", request.unit_id)
    why = check.text("explanation", request.explanation, longest=_EXPLANATION_LONGEST, required=True)
    check.done()
    return OverrideDeviceTest(unit_id, why)


def status_from(request: api.SetUnitStatusRequest, now: datetime) -> SetUnitStatus:
    """What status a unit set, and when."""
    check = Check(now)
    unit_id = check.uuid("unit_id", request.unit_id)
    status = check.known("status", request.status, UnitStatus)
    at = check.time("at", request.at, required=False, given=request.HasField("at"))
    upon = None
    if request.self_attach_incident_id:
        upon = check.uuid("self_attach_incident_id", request.self_attach_incident_id)
        if status is not UnitStatus.AT_SCENE:
            check.violation("self_attach_incident_id", "goes with AT_SCENE only")
    check.done()
    return SetUnitStatus(unit_id, status, at or now, upon)
