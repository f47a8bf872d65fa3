"""What can happen to reports: the rules of test_reports.py."""

from dataclasses import replace
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from services.crime import handlers as crime
from services.crime.domain import (
    CancellationGround,
    CourtDisposal,
    NonRecordingReason,
    OutcomeEvidence,
    Ruling,
    VictimDecision,
    VictimDecisionMeans,
)
from services.intake import handlers as intake
from services.intake.domain import (
    Allegation,
    Channel,
    Contact,
    ContactState,
    IncidentCategory,
    Period,
    Person,
    ReporterRelation,
)
from services.kernel.ids import new_id
from tests.stateful.ledgers import FORCE
from tests.stateful.story import Story

REGISTRAR, MAKER, RECORDER = "ROLE_CRIME_REGISTRAR", "ROLE_DECISION_MAKER", "ROLE_CRIME_RECORDER"
OFFENCES = ("8N", "105A", "8L", "28E", "46", "19C", "92E", "66")
PEOPLE = ("", "p1", "p2")
USUALLY, SELDOM = st.sampled_from([True, True, False]), st.sampled_from([False, False, False, True])
ALLEGATIONS = st.builds(
    Allegation,
    number=st.just(0),
    offence_code=st.sampled_from(OFFENCES),
    # So that the same two often meet in several allegations, and one counts within another.
    victim_ref=st.sampled_from(["p1", "p1", *PEOPLE]),
    suspect_ref=st.sampled_from(["", "", *PEOPLE]),
    victim_confirms=USUALLY,
    points_to_prove_made_out=USUALLY,
    credible_evidence_to_contrary=SELDOM,
)
PICK = st.integers(0, 10_000)
# What takes two people (R-CR-06) needs two that may be one.
WHO = st.sampled_from(["somebody", "somebody else"])


class Happening(Story):
    """Contacts are taken, told on, decided, forgotten for a day, ended, cancelled; and every event comes again."""

    @rule(
        allegations=st.lists(ALLEGATIONS, max_size=4),
        relation=st.sampled_from([one for one in ReporterRelation if one]),
        minutes_ago=st.sampled_from([0, 60, 1439, 1440, 1441, 3000]),
        at_once=USUALLY,
    )
    def take_a_contact(
        self, allegations: list[Allegation], relation: ReporterRelation, minutes_ago: int, at_once: bool
    ) -> None:
        contact = Contact(
            id=new_id(),
            force=FORCE,
            channel=Channel.WEB,
            category=IncidentCategory.CRIME if allegations else IncidentCategory.ASB_NUISANCE,
            state=ContactState.OPEN,
            first_contact_at=self.clock.now() - timedelta(minutes=minutes_ago),
            recorded_at=self.clock.now(),
            reporter_ref="",
            reporter_relation=relation,
            people=tuple(Person(ref) for ref in PEOPLE[1:]),
            place=None,
            occurred=Period(),
            narrative="",
            allegations=tuple(replace(told, number=number) for number, told in enumerate(allegations, start=1)),
        )
        self.contacts[contact.id] = contact
        self.happen(self.services["intake"].append(intake.open_contact(contact)))
        if at_once:
            self.deliver_to_all("intake", self.events("intake")[-1])

    @precondition(lambda self: self.waiting())
    @rule(picks=st.lists(PICK, min_size=1, max_size=6))
    def deliver(self, picks: list[int]) -> None:
        """The next events of some aggregates: those of one keep their order, as they do in Kafka."""
        for pick in picks:
            if waiting := self.waiting():
                self.deliver_to_all(*waiting[pick % len(waiting)])

    @precondition(lambda self: any(self.delivered.values()))
    @rule(pick=PICK)
    def deliver_again(self, pick: int) -> None:
        """Any event that was delivered before, at any time: nothing changes (I5)."""
        again = [
            (service, event)
            for service in self.services
            for event in self.events(service)
            if event["id"] in self.delivered[service]
        ]
        before = self.everything()
        self.deliver_to_all(*again[pick % len(again)])
        assert self.everything() == before

    @rule(minutes=st.sampled_from([1, 59, 60, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule()
    def timers_fire(self) -> None:
        self.happen(self.services["crime"].fire())

    @precondition(lambda self: self.reports())
    @rule(
        pick=PICK,
        role=st.sampled_from([REGISTRAR, REGISTRAR, MAKER, RECORDER]),
        rulings=st.lists(st.tuples(USUALLY, st.sampled_from(NonRecordingReason)), min_size=4, max_size=4),
        complete=USUALLY,
        who=WHO,
    )
    def decide(
        self, pick: int, role: str, rulings: list[tuple[bool, NonRecordingReason]], complete: bool, who: str
    ) -> None:
        """A person decides, in earnest or not; on what is decided already, too."""
        stored = self.reports()[pick % len(self.reports())]
        waiting = stored.report.undecided() or stored.report.contact.allegations
        ruled = [
            Ruling(allegation.number, record, reason=NonRecordingReason(0) if record else reason)
            for allegation, (record, reason) in zip(waiting, rulings, strict=False)
        ]
        command = crime.DecideRecording(stored.report.report_id, ruled if complete else ruled[1:])
        self.attempt(crime.decide_recording, command, role, who)

    @precondition(lambda self: self.crimes())
    @rule(
        pick=PICK,
        code=st.sampled_from(["1", "1A", "8", "14", "15", "16", "17", "18", "21"]),
        suspect=st.booleans(),
        disposal=st.sampled_from(CourtDisposal),
    )
    def record_an_outcome(self, pick: int, code: str, suspect: bool, disposal: CourtDisposal) -> None:
        found = self.crimes()
        decision = VictimDecision(self.clock.now(), VictimDecisionMeans.RECORDED_CALL, "exhibit EX/1")
        evidence = OutcomeEvidence(
            decision, suspect, "exhibit EX/2", prosecution_time_limit=self.clock.now(), other_body_acknowledgement=""
        )
        command = crime.RecordOutcome(found[pick % len(found)], code, evidence, disposal)
        self.attempt(crime.record_crime_outcome, command, MAKER)

    @precondition(lambda self: self.crimes())
    @rule(pick=PICK, ground=st.sampled_from(CancellationGround), role=st.sampled_from([MAKER, REGISTRAR]), who=WHO)
    def cancel(self, pick: int, ground: CancellationGround, role: str, who: str) -> None:
        found = self.crimes()
        command = crime.CancelCrime(found[pick % len(found)], ground, "exhibit EX/3", victim_told=True)
        self.attempt(crime.cancel_crime, command, role, who)
