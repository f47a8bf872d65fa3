"""Which warning markers concern an incident, however names were spelt and addresses written (I3, R-MK-01, R-SR-01).

markers      what is known; concerns: what is asked, and what is answered
index        the markers of a force; lookups: all ways in which one may concern an incident, side by side
people       by name and date of birth: spelling, lexicon, births
places       by address: addresses; keys: by telephone and vehicle; organisations: by name
evidence     what an agreement is worth, and how much is enough; answer: how sure, and in which order
distinct     how all of it is held: numbered strings and columns of numbers
hazards      what an incident concerns, in these words, and what a marker is to its crew

It brings numpy along, so import it only in a process that looks for hazards.
"""

from services.dispatch.markers.domain.concerns import Concerns, Match, Person
from services.dispatch.markers.domain.index import MarkerIndex
from services.dispatch.markers.domain.markers import Address, Marker, Subject
from services.dispatch.markers.domain.terms import Certainty, MarkerState, MatchedBy, Severity, SubjectKind

__all__ = [
    "Address",
    "Certainty",
    "Concerns",
    "Marker",
    "MarkerIndex",
    "MarkerState",
    "Match",
    "MatchedBy",
    "Person",
    "Severity",
    "Subject",
    "SubjectKind",
]
