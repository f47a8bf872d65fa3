"""What is asked of the ledger of markers, as the contract writes it, and what was found."""

from peel.safety.v1 import api_pb2 as api
from services.kernel.validation import Check
from services.safety.markers import messages
from services.safety.markers.domain.finding import Means, Way, plain_name, plain_phone, plain_registration, plain_uprn
from services.safety.markers.domain.likeness import Asked
from services.safety.markers.domain.subjects import Alias

# As somebody says it over the radio, and not yet E.164.
_PHONE = r"[+0-9][0-9 ()-]{4,24}"
_NAMED = ("given_name", "family_name", "date_of_birth")


def asked_from(request: api.SearchMarkersRequest, check: Check) -> Asked:
    """What a search asks for; what is wrong with it is noted in `check`."""
    asked = Asked(
        name=_name(request, check),
        date_of_birth=messages.birth_from(check, "date_of_birth", request.date_of_birth),
        uprn=check.text("uprn", request.uprn, longest=12, pattern=messages.UPRN),
        address=check.text("address", request.address, longest=messages.ADDRESS_LONGEST),
        phone=check.text("phone", request.phone, longest=25, pattern=_PHONE),
        vehicle_registration=_registration(request, check),
        organisation_name=check.text("organisation_name", request.organisation_name, longest=200),
    )
    if not asked.ways:
        check.violation("", "must ask for a name, an address, a phone, a vehicle or an organisation", "NOTHING_ASKED")
    return asked


def _name(request: api.SearchMarkersRequest | api.ListSubjectMarkersRequest, check: Check) -> Alias:
    return Alias(
        check.text("given_name", request.given_name, longest=messages.NAME_LONGEST),
        check.text("family_name", request.family_name, longest=messages.NAME_LONGEST),
    )


def _registration(request: api.SearchMarkersRequest | api.ListSubjectMarkersRequest, check: Check) -> str:
    return check.text(
        "vehicle_registration",
        request.vehicle_registration,
        longest=messages.REGISTRATION_LONGEST,
        pattern=messages.REGISTRATION,
    )


def subject_from(request: api.ListSubjectMarkersRequest, check: Check) -> Way:
    """The one subject that a list asks for; what is wrong with it is noted in `check`."""
    name = _name(request, check)
    born = messages.birth_from(check, "date_of_birth", request.date_of_birth)
    uprn = check.text("uprn", request.uprn, longest=12, pattern=messages.UPRN)
    phone = check.text("phone", request.phone, longest=16, pattern=messages.PHONE)
    registration = _registration(request, check)
    every = (
        Way(Means.UPRN, plain_uprn(uprn)),
        Way(Means.PHONE, plain_phone(phone)),
        Way(Means.VEHICLE, plain_registration(registration)),
        Way(Means.NAME, plain_name(name), born),
    )
    asked = [way for way in every if way.plain or way.born]
    if len(asked) != 1:
        check.violation("", "must name one subject: a UPRN, a phone, a vehicle or a person", "ONE_SUBJECT_NEEDED")
        return every[0]
    if asked[0].means is Means.NAME:
        for field in _NAMED:
            if not getattr(request, field):
                check.violation(field, "must be given for a person")
    return asked[0]
