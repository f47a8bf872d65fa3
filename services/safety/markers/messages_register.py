"""The register of certificate holders as the contract writes it, and what became of it."""

from peel.safety.v1 import api_pb2 as api
from services.kernel.errors import Invalid
from services.kernel.validation import Check
from services.kernel.wire import optional_stamp
from services.safety.markers import messages
from services.safety.markers.domain.register import Entry, Numbered, Reconciliation, Tally, WholeRegister
from services.safety.markers.domain.subjects import Address

_NUMBER = r"[A-Za-z0-9/-]+"


def entry_from(request: api.ImportCertificateHoldersRequest, number: int, check: Check) -> Numbered:
    """An entry of the register, with what is wrong with how it is written: a bad one stops no other."""
    entry = Entry(
        certificate_number=check.text("certificate_number", request.certificate_number, longest=32, pattern=_NUMBER),
        given_name=check.text("given_name", request.given_name, longest=messages.NAME_LONGEST).strip(),
        family_name=check.text("family_name", request.family_name, longest=messages.NAME_LONGEST).strip(),
        date_of_birth=messages.birth_from(check, "date_of_birth", request.date_of_birth),
        kept_at=messages.address_from(check, "kept_at", request.kept_at) if request.HasField("kept_at") else Address(),
        expires_at=check.moment("expires_at", request.expires_at, given=request.HasField("expires_at")),
    )
    try:
        check.done()
    except Invalid as invalid:
        return Numbered(number, entry, invalid.violations)
    return Numbered(number, entry)


def whole_register_from(request: api.ImportCertificateHoldersRequest, check: Check) -> WholeRegister:
    """That the register was sent whole. Raises Invalid where an entry comes with it."""
    if request != api.ImportCertificateHoldersRequest(force=request.force, complete=True):
        check.violation("complete", "must be said in a message without an entry")
    check.done()
    return WholeRegister()


def imported_message(tally: Tally) -> api.ImportCertificateHoldersResponse:
    """What became of the register."""
    return api.ImportCertificateHoldersResponse(
        received=tally.received,
        created=tally.created,
        revised=tally.revised,
        unchanged=tally.unchanged,
        withdrawn=tally.withdrawn,
        refused=tally.refused,
        kept=tally.kept,
        refusals=[api.RefusedEntry(number=one.number, field=one.field, rule=one.rule) for one in tally.refusals],
        held=tally.held,
    )


def reconciliation_message(found: Reconciliation) -> api.ReconcileCertificateHoldersResponse:
    """What the ledger holds of certificate holders."""
    return api.ReconcileCertificateHoldersResponse(
        active=found.active,
        expired=found.expired,
        withdrawn=found.withdrawn,
        last_complete_import_at=optional_stamp(found.last_complete_import_at),
    )
