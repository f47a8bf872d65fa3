"""Reports and crimes as the contract writes them, and back."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from peel.crime.v1 import api_pb2 as api
from peel.crime.v1 import types_pb2 as types
from peel.intake.v1 import types_pb2 as intake
from peel.type.v1.period_pb2 import Period as PeriodMessage
from peel.type.v1.place_pb2 import Place as PlaceMessage
from services.crime.domain import (
    Allegation,
    CancellationGround,
    Channel,
    CourtDisposal,
    Crime,
    CrimeFlag,
    Decision,
    IncidentCategory,
    NonRecordingReason,
    OutcomeEvidence,
    Period,
    Place,
    Point,
    RecordingRate,
    Report,
    ReportedContact,
    ReporterRelation,
    Ruling,
    Transfer,
    VictimDecision,
    VictimDecisionMeans,
)
from services.kernel.validation import Check
from services.kernel.wire import optional_moment, optional_stamp, stamp

_REFERENCE_LONGEST = 500
# A contact alleges no more.
_MOST_RULINGS = 50


def reported_contact_from(contact: intake.Contact) -> ReportedContact:
    """What recording decides on, of a contact as intake told it."""
    born = {person.ref: person.date_of_birth for person in contact.people}
    return ReportedContact(
        contact_id=UUID(contact.contact_id),
        force=contact.force,
        channel=Channel(contact.channel),
        relation=ReporterRelation(contact.reporter_relation),
        category=IncidentCategory(contact.category),
        first_contact_at=optional_moment(contact, "first_contact_at") or _missing("first_contact_at"),
        allegations=tuple(_allegation(allegation, born) for allegation in contact.allegations),
        occurred=_period(contact.occurred) if contact.HasField("occurred") else None,
        place=_place(contact.place) if contact.HasField("place") else None,
    )


def _missing(field: str) -> datetime:
    raise ValueError(f"a contact without {field}")


def _allegation(told: intake.Allegation, born: Mapping[str, str]) -> Allegation:
    return Allegation(
        number=told.number,
        offence_code=told.offence_code,
        victim_ref=told.victim_ref,
        suspect_ref=told.suspect_ref,
        victim_confirms=told.victim_confirms,
        points_to_prove_made_out=told.points_to_prove_made_out,
        credible_evidence_to_contrary=told.credible_evidence_to_contrary,
        occurred=_period(told.occurred) if told.HasField("occurred") else None,
        flags=tuple(CrimeFlag(flag) for flag in told.flags),
        victim_vulnerable=told.victim_vulnerable,
        crime_evident=told.crime_evident,
        victim_born=date.fromisoformat(day) if (day := born.get(told.victim_ref)) else None,
    )


def _period(period: PeriodMessage) -> Period:
    return Period(optional_moment(period, "from"), optional_moment(period, "to"))


def _place(place: PlaceMessage) -> Place:
    point = place.point
    located = point.HasField("latitude") and point.HasField("longitude")
    return Place(
        point=Point(point.latitude, point.longitude, point.accuracy_metres) if located else None,
        address=place.address,
        uprn=place.uprn,
        lsoa=place.lsoa,
    )


def rulings_from(request: api.DecideRecordingRequest, check: Check) -> list[Ruling]:
    """The rulings in a request; what is wrong with them is noted in `check`."""
    if not request.rulings:
        check.violation("rulings", "must have one entry for each undecided allegation")
    return [
        Ruling(
            allegation_number=ruling.allegation_number,
            record=ruling.record,
            offence_code=check.text(f"rulings[{i}].offence_code", ruling.offence_code, longest=16),
            reason=check.known(f"rulings[{i}].reason", ruling.reason, NonRecordingReason, required=not ruling.record),
            transfer=_transfer(f"rulings[{i}]", ruling, check),
        )
        for i, ruling in enumerate(check.entries("rulings", request.rulings, most=_MOST_RULINGS))
    ]


def _transfer(at: str, ruling: api.Ruling, check: Check) -> Transfer | None:
    if not (ruling.transfer_reference or ruling.transfer_acknowledgement):
        return None
    return Transfer(
        check.text(f"{at}.transfer_reference", ruling.transfer_reference, longest=_REFERENCE_LONGEST),
        check.text(f"{at}.transfer_acknowledgement", ruling.transfer_acknowledgement, longest=_REFERENCE_LONGEST),
    )


def evidence_from(evidence: types.OutcomeEvidence, check: Check) -> OutcomeEvidence:
    """The evidence in a request; what is wrong with it is noted in `check`."""
    limit_given = evidence.HasField("prosecution_time_limit")
    return OutcomeEvidence(
        victim_decision=_victim_decision(evidence.victim_decision, check)
        if evidence.HasField("victim_decision")
        else None,
        suspect_identified=evidence.suspect_identified,
        reference=check.text("evidence.reference", evidence.reference, longest=_REFERENCE_LONGEST),
        prosecution_time_limit=check.time(
            "evidence.prosecution_time_limit", evidence.prosecution_time_limit, required=False, given=limit_given
        ),
        other_body_acknowledgement=check.text(
            "evidence.other_body_acknowledgement", evidence.other_body_acknowledgement, longest=_REFERENCE_LONGEST
        ),
    )


def _victim_decision(decision: types.VictimDecision, check: Check) -> VictimDecision:
    at = "evidence.victim_decision"
    return VictimDecision(
        decided_at=check.time(
            f"{at}.decided_at", decision.decided_at, required=False, given=decision.HasField("decided_at")
        ),
        means=check.known(f"{at}.means", decision.means, VictimDecisionMeans, required=False),
        reference=check.text(f"{at}.reference", decision.reference, longest=_REFERENCE_LONGEST),
    )


def disposal_from(value: int, check: Check) -> CourtDisposal:
    """The court's disposal, if one is given."""
    return check.known("disposal", value, CourtDisposal, required=False)


def ground_from(value: int, check: Check) -> CancellationGround:
    """The ground of a cancellation."""
    return check.known("ground", value, CancellationGround)


def span_from(field: str, period: PeriodMessage, check: Check) -> tuple[datetime | None, datetime | None]:
    """The stretch of time that is asked about, either end open; what is wrong with it is noted in `check`."""
    start = check.moment(f"{field}.from", getattr(period, "from"), given=period.HasField("from"))
    end = check.moment(f"{field}.to", period.to, given=period.HasField("to"))
    if start and end and end < start:
        check.violation(field, "must not end before it starts", "PERIOD_REVERSED")
    return start, end


def decision_message(decision: Decision) -> types.Decision:
    """A decision as the contract writes it."""
    transfer = decision.transfer
    return types.Decision(
        allegation_number=decision.allegation_number,
        crime_id=str(decision.crime_id) if decision.crime_id else "",
        crime_number=decision.crime_number,
        absorbed_by=types.CountingRule.ValueType(decision.absorbed_by),
        reason=types.NonRecordingReason.ValueType(decision.reason),
        decided_at=stamp(decision.decided_at),
        authority=decision.authority,
        rule_set=decision.rule_set,
        reported_incident=decision.reported_incident,
        transfer_reference=transfer.reference if transfer else "",
        transfer_acknowledgement=transfer.acknowledgement if transfer else "",
    )


def report_message(report: Report, contact: intake.Contact) -> types.Report:
    """A report as the contract writes it, with the contact as intake told it."""
    waiting = {allegation.number for allegation in report.undecided()}
    return types.Report(
        report_id=str(report.report_id),
        force=report.contact.force,
        state=types.ReportState.ValueType(report.state),
        contact=contact,
        due_at=stamp(report.due_at),
        decided_at=optional_stamp(report.decided_at),
        overdue_at=optional_stamp(report.overdue_at),
        decisions=[decision_message(decision) for decision in report.decisions],
        awaiting_second_person=sorted({one.allegation_number for one in report.proposals} & waiting),
    )


def evidence_message(evidence: OutcomeEvidence) -> types.OutcomeEvidence:
    """The evidence as the contract writes it."""
    message = types.OutcomeEvidence(
        suspect_identified=evidence.suspect_identified,
        reference=evidence.reference,
        prosecution_time_limit=optional_stamp(evidence.prosecution_time_limit),
        other_body_acknowledgement=evidence.other_body_acknowledgement,
    )
    if decision := evidence.victim_decision:
        message.victim_decision.means = types.VictimDecisionMeans.ValueType(decision.means)
        message.victim_decision.reference = decision.reference
        if decision.decided_at is not None:
            message.victim_decision.decided_at.CopyFrom(stamp(decision.decided_at))
    return message


def stored_evidence(body: bytes) -> OutcomeEvidence:
    """The evidence as it was stored."""
    message = types.OutcomeEvidence.FromString(body)
    decision = message.victim_decision
    return OutcomeEvidence(
        victim_decision=VictimDecision(
            optional_moment(decision, "decided_at"), VictimDecisionMeans(decision.means), decision.reference
        )
        if message.HasField("victim_decision")
        else None,
        suspect_identified=message.suspect_identified,
        reference=message.reference,
        prosecution_time_limit=optional_moment(message, "prosecution_time_limit"),
        other_body_acknowledgement=message.other_body_acknowledgement,
    )


def crime_message(crime: Crime) -> types.Crime:
    """A crime as the contract writes it."""
    message = types.Crime(
        crime_id=str(crime.crime_id),
        number=crime.number,
        force=crime.force,
        report_id=str(crime.report_id),
        contact_id=str(crime.contact_id),
        allegation_number=crime.allegation_number,
        offence_code=crime.offence_code,
        state=types.CrimeState.ValueType(crime.state),
        victim_ref=crime.victim_ref,
        suspect_ref=crime.suspect_ref,
        flags=[intake.CrimeFlag.ValueType(flag) for flag in crime.flags],
        reported_at=stamp(crime.reported_at),
        recorded_at=stamp(crime.recorded_at),
        rule_set=crime.rule_set,
        cancellation_ground=types.CancellationGround.ValueType(crime.cancellation_ground),
        cancelled_at=optional_stamp(crime.cancelled_at),
    )
    if crime.place is not None:
        message.place.CopyFrom(_place_message(crime.place))
    if crime.occurred is not None:
        period = PeriodMessage(**{"from": optional_stamp(crime.occurred.start)}, to=optional_stamp(crime.occurred.end))
        message.occurred.CopyFrom(period)
    if crime.outcome is not None:
        message.outcome.CopyFrom(outcome_message(crime))
    return message


def outcome_message(crime: Crime) -> types.Outcome:
    """How a crime ended, as the contract writes it. The crime must have an outcome."""
    outcome = crime.outcome
    if outcome is None:
        raise ValueError("the crime has no outcome")
    return types.Outcome(
        code=outcome.code,
        evidence=evidence_message(outcome.evidence),
        disposal=types.CourtDisposal.ValueType(outcome.disposal),
        recorded_at=stamp(outcome.recorded_at),
        disposed_at=optional_stamp(outcome.disposed_at),
    )


def _place_message(place: Place) -> PlaceMessage:
    message = PlaceMessage(address=place.address, uprn=place.uprn, lsoa=place.lsoa)
    if place.point is not None:
        message.point.latitude = place.point.latitude
        message.point.longitude = place.point.longitude
        message.point.accuracy_metres = place.point.accuracy_metres
    return message


def rate_message(rate: RecordingRate) -> api.RecordingRate:
    """One stratum of the estimate, as the contract writes it."""
    return api.RecordingRate(
        stratum=rate.stratum,
        should_be_recorded=rate.should_be_recorded,
        recorded=rate.recorded,
        recorded_within_24_hours=rate.recorded_within_duty,
        rate=rate.rate,
        rate_low=rate.low,
        rate_high=rate.high,
    )
