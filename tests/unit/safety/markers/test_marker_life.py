"""A marker from its making to its end, and who may see what of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peel.safety.v1 import types_pb2 as types
from services.kernel.contract import marks
from services.kernel.wire import stamp
from services.safety.markers.domain.marker import Marker, changed, revise, shown, told, withdraw
from services.safety.markers.domain.subjects import Subject
from services.safety.markers.domain.terms import MarkerState
from services.safety.markers.messages import marker_message
from tests.unit.safety.markers.building import (
    CONTACT_POINT,
    DAY,
    DISPATCHER,
    GROUNDS,
    HANDLING,
    INTELLIGENCE,
    NOW,
    SECRETS,
    SUPERVISOR,
    YEAR,
    content,
    marker,
    refused,
    restricted_marker,
)

MOMENTS = st.timedeltas(timedelta(0), 10 * YEAR).map(lambda later: NOW + later)
LATER = NOW + DAY


@given(MOMENTS)
def test_a_marker_is_expired_from_its_expiry_on_and_never_before(at: datetime) -> None:  # domain facts 4.3
    standing = marker()
    assert standing.state(at) is (MarkerState.EXPIRED if at >= standing.content.expires_at else MarkerState.ACTIVE)


@given(MOMENTS, MOMENTS)
def test_a_withdrawn_marker_is_withdrawn_whenever_it_would_have_expired(when: datetime, at: datetime) -> None:
    ended = withdraw(marker(), "no longer true", "somebody", SUPERVISOR, when)
    assert ended.state(at) is MarkerState.WITHDRAWN
    assert ended.withdrawn_at == when


@given(st.lists(st.sampled_from(["revise", "expire", "withdraw"]), max_size=8))
def test_versions_count_every_change_and_withdrawing_is_the_last(steps: list[str]) -> None:
    one, changes = marker(), 0
    for step in steps:
        if one.withdrawn_at is not None:
            for attempt in (_revised, _withdrawn):
                with refused("MARKER_WITHDRAWN"):
                    attempt(one)
            break
        one = {"revise": _revised, "expire": lambda m: changed(m, "service:safety", LATER), "withdraw": _withdrawn}[
            step
        ](one)
        changes += 1
    assert one.version == 1 + changes


def _revised(one: Marker) -> Marker:
    return revise(one, one.version, content(), "another", SUPERVISOR, LATER)


def _withdrawn(one: Marker) -> Marker:
    return withdraw(one, "no longer true", "another", SUPERVISOR, LATER)


def test_a_revision_says_who_and_when_and_keeps_who_made_it() -> None:
    revised = revise(marker(), 1, content(code="WE"), "another", SUPERVISOR, LATER)
    assert (revised.created_by, revised.created_at) == ("somebody", NOW)
    assert (revised.changed_by, revised.changed_at, revised.version) == ("another", LATER, 2)
    assert revised.content.code == "WE"


def test_what_somebody_else_changed_is_looked_at_again_first() -> None:
    for looked_at in (0, 1, 3):
        with refused("MARKER_CHANGED"):
            revise(changed(marker(), "x", NOW), looked_at, content(), "another", SUPERVISOR, LATER)


def test_an_expired_marker_is_renewed() -> None:
    late = NOW + 2 * YEAR
    renewed = replace(content(), expires_at=late + YEAR, review_due=late + YEAR)
    one = marker()
    assert one.state(late) is MarkerState.EXPIRED
    assert revise(one, 1, renewed, "another", SUPERVISOR, late).state(late) is MarkerState.ACTIVE


def test_nobody_rewrites_what_they_may_not_read() -> None:
    for attempt in (_revised, _withdrawn):
        with refused("MARKER_RESTRICTED"):
            attempt(restricted_marker())
    revise(restricted_marker(), 1, content(), "analyst", INTELLIGENCE, LATER)


def test_what_the_register_says_is_changed_in_the_register() -> None:  # R-MK-04
    licensed = marker()
    licensed = replace(licensed, content=replace(licensed.content, certificate_number="YK/1"))
    for attempt in (_revised, _withdrawn):
        with refused("REGISTER_IS_MASTER"):
            attempt(licensed)


def test_whoever_may_not_read_a_restricted_marker_sees_that_it_exists_and_whom_to_ask() -> None:  # domain facts 4.3
    message = marker_message(shown(restricted_marker(), DISPATCHER | SUPERVISOR), NOW)
    assert message.restricted
    assert message.severity == types.SEVERITY_HIGHEST
    assert (message.handling_instruction, message.contact_point) == (HANDLING, CONTACT_POINT)
    assert (message.state, message.expires_at) == (types.MARKER_STATE_ACTIVE, stamp(NOW + YEAR))
    assert message.subject == types.MarkerSubject(kind=types.SUBJECT_KIND_PERSON)
    hidden = (message.code, message.grounds, message.created_by, message.source, message.reliability)
    assert not any(hidden)
    assert marks(message)[0] == {"Marker.handling_instruction", "Marker.contact_point"}


def test_intelligence_sees_all_of_it() -> None:
    assert shown(restricted_marker(), INTELLIGENCE) == restricted_marker()


@pytest.mark.parametrize("roles", [DISPATCHER, SUPERVISOR, INTELLIGENCE])
def test_everybody_sees_all_of_an_unrestricted_one(roles: frozenset[str]) -> None:
    assert shown(marker(), roles) == marker()
    assert told(marker()) == marker()


def test_others_are_told_whom_a_restricted_marker_is_about_and_not_why() -> None:  # F14
    ended = withdraw(restricted_marker(), GROUNDS, "analyst", INTELLIGENCE, LATER)
    message = marker_message(told(ended), LATER)
    assert message.subject.family_name == "Ferrensby"
    assert message.subject.addresses
    assert (message.handling_instruction, message.contact_point) == (HANDLING, CONTACT_POINT)
    assert message.state == types.MARKER_STATE_WITHDRAWN
    assert not any((message.code, message.grounds, message.withdrawn_explanation, message.created_by, message.source))


def test_the_message_says_all_that_the_marker_says() -> None:
    message = marker_message(marker(), NOW)
    written = str(message)
    assert [secret for secret in SECRETS if secret not in written] == []
    names = {field.name for field, _ in message.ListFields()}
    assert names == {field.name for field in types.Marker.DESCRIPTOR.fields} - {
        "restricted",
        "contact_point",
        "withdrawn_explanation",
        "certificate_number",
    }


def test_a_person_is_known_by_every_name() -> None:
    subject = content().subject
    assert [name.family_name for name in subject.names] == ["Ferrensby", "Larkrise"]
    assert Subject(subject.kind).names == ()
