"""What is drawn for a call that units are sent to: a marker, a press of the panic button, a forgotten check-in.

The shares are stated, not measured. All is drawn from the contact's own request id: the same file, the same story.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.telling import open_request
from peel.safety.v1 import api_pb2 as safety
from peel.safety.v1 import types_pb2 as markers
from services.kernel.wire import stamp

# Of the calls that units are sent to: a person in it is marked, and of those it becomes known only afterwards.
_MARKED, _KNOWN_LATER = 0.22, 0.3
# An officer presses the button; an officer forgets to check in and leaves the unit at the scene.
_PRESSED, _FORGOTTEN = 0.025, 0.004
_CODES = {"VI": 0.5, "WE": 0.25, "FI": 0.1, "AL": 0.15}
_SEVERITIES = {"FI": markers.SEVERITY_HIGHEST, "AL": markers.SEVERITY_LOW}
_EXPIRES_AFTER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DrawnEvents:
    """What happens to the unit that is sent."""

    marker: safety.MarkerContent | None = None
    known_later: bool = False
    presses: bool = False
    forgets: bool = False


def events_of(contact: PlannedContact, force: str) -> DrawnEvents:
    """The events of one contact that is graded."""
    # Not the generator of the contact's telling, or a marker would change who is in it.
    rng = random.Random(contact.request_id.int ^ 1)
    marker = _marker(contact, force, rng) if rng.random() < _MARKED else None
    later, fate = rng.random() < _KNOWN_LATER, rng.random()
    presses, forgets = fate < _PRESSED, _PRESSED <= fate < _PRESSED + _FORGOTTEN
    return DrawnEvents(marker, marker is not None and later, presses, forgets)


def _marker(contact: PlannedContact, force: str, rng: random.Random) -> safety.MarkerContent | None:
    """A marker on somebody whom the call names; none where it names nobody."""
    named = [one for one in open_request(contact, force).people if one.family_name]
    if not named:
        return None
    who = rng.choice(named)
    code = rng.choices(list(_CODES), list(_CODES.values()))[0]
    return safety.MarkerContent(
        subject=markers.MarkerSubject(
            kind=markers.SUBJECT_KIND_PERSON,
            given_name=who.given_name,
            family_name=who.family_name,
            date_of_birth=who.date_of_birth,
        ),
        code=code,
        severity=_SEVERITIES.get(code, markers.SEVERITY_NORMAL),
        source=markers.MARKER_SOURCE_INTELLIGENCE,
        reliability=markers.RELIABILITY_RELIABLE,
        grounds="REHEARSAL, nobody real.",
        handling_instruction="REHEARSAL: two officers.",
        expires_at=stamp(contact.at + _EXPIRES_AFTER),
    )
