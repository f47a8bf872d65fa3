"""Rows of the public file as the contacts that disclosed them: who reports what, how, and what waits for a person.

The shares below are stated, not measured. Only what the row says is kept; everything else about a contact is drawn
from a generator seeded by the contact's own request id, so that the same file always tells the same story.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

from deploy.rehearsal.demand import Demand
from deploy.rehearsal.endings import Ending, Endings
from deploy.rehearsal.offences import OffenceDraw
from deploy.rehearsal.street import Row
from peel.intake.v1 import types_pb2 as intake
from services.crime.domain import Basis, Offence, OffenceTable

Drawn = TypeVar("Drawn")

SEED = 2018
# Contacts that disclose two or three crimes of one place (R-CR-03), and how many of those three.
_GROUPED, _OF_THREE = 0.10, 0.4
# Contacts with a crime that no rule may record at once: nobody whose word counts has confirmed it, or the points to
# prove are open, or somebody credible says that it did not happen.
_WAITING, _CONTRARY = 0.12, 0.08
# Anti-social behaviour in which a third party also alleges a public order offence against somebody nobody can trace.
_ALLEGED_DISORDER, _DISORDER = 0.02, "9A"
# Crimes against the state that an officer found, of those whose points to prove are made out.
_FOUND_BY_OFFICER = 0.8
# Emergency calls that the control room assesses and grades here: one contact in twenty, with the channels below.
_GRADED = 0.22
# Hours after first contact at which a recorder decides; how many decisions come too late on purpose, and at which.
_DECIDED_HOURS, _LATE_HOURS, _LATE_ONE_IN = (1.0, 20.0), (25.0, 40.0), 60

_CHANNELS = {
    intake.CHANNEL_EMERGENCY_999: 0.24,
    intake.CHANNEL_NON_EMERGENCY_101: 0.5,
    intake.CHANNEL_WEB: 0.14,
    intake.CHANNEL_FRONT_COUNTER: 0.06,
    intake.CHANNEL_PARTNER: 0.03,
    intake.CHANNEL_OFFICER: 0.03,
}
_VICTIMS_WORD = {
    intake.REPORTER_RELATION_VICTIM: 0.84,
    intake.REPORTER_RELATION_PARENT_OR_CARER: 0.08,
    intake.REPORTER_RELATION_PROFESSIONAL_THIRD_PARTY: 0.08,
}
_OTHERS_WORD = {intake.REPORTER_RELATION_OTHER_THIRD_PARTY: 0.6, intake.REPORTER_RELATION_WITNESS: 0.4}
_NUISANCES = {
    intake.INCIDENT_CATEGORY_ASB_NUISANCE: 0.7,
    intake.INCIDENT_CATEGORY_ASB_PERSONAL: 0.2,
    intake.INCIDENT_CATEGORY_ASB_ENVIRONMENTAL: 0.1,
}
_NAMESPACE = UUID("7b2c4f52-0d2e-5a5c-9a53-6c9a2f1d4e80")


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One row, as it is told. No offence: nothing is alleged. `recorded` says what a person will make of it."""

    row: Row
    offence: Offence | None = None
    victim_confirms: bool = False
    points_to_prove_made_out: bool = False
    credible_evidence_to_contrary: bool = False
    recorded: bool = True
    ending: Ending | None = None

    @property
    def has_victim(self) -> bool:
        return self.offence is not None and self.offence.basis is Basis.VICTIM


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """One contact. `decide_at` is when somebody decides what the rules cannot; None where they decide everything."""

    request_id: UUID
    at: datetime
    channel: intake.Channel.ValueType
    relation: intake.ReporterRelation.ValueType
    category: intake.IncidentCategory.ValueType
    disclosures: tuple[Disclosure, ...]
    decide_at: datetime | None = None
    late: bool = False
    graded: bool = False

    @property
    def alleges(self) -> bool:
        return any(one.offence for one in self.disclosures)

    @property
    def turned_down(self) -> bool:
        """Whether an allegation of it will not be recorded, which needs a decision maker."""
        return not all(one.recorded for one in self.disclosures)

    def request_for(self, step: str) -> str:
        """The request id of another step on this contact: the same whenever the same file is replayed."""
        return str(uuid5(self.request_id, step))


@dataclass(frozen=True, slots=True)
class Sources:
    """What contacts are drawn from."""

    demand: Demand
    offences: OffenceDraw
    endings: Endings
    table: OffenceTable


def plan_contacts(rows: Sequence[Row], sources: Sources) -> list[PlannedContact]:
    """All contacts of a month, in the order of first contact. Every row is disclosed in exactly one."""
    rng = random.Random(SEED)
    planned = [_contact(group, sources) for group in _groups(rows, sources.offences, rng)]
    waiting = [at for at, contact in enumerate(planned) if contact.decide_at]
    late = min(len(waiting), max(2, round(len(waiting) / _LATE_ONE_IN)))
    for at in rng.sample(waiting, late):
        contact = planned[at]
        decide_at = contact.at + timedelta(hours=rng.uniform(*_LATE_HOURS))
        planned[at] = replace(contact, late=True, decide_at=decide_at)
    return sorted(planned, key=lambda contact: (contact.at, contact.request_id))


def _groups(rows: Sequence[Row], offences: OffenceDraw, rng: random.Random) -> Iterator[tuple[tuple[Row, int], ...]]:
    """The rows by contact, each with its number among identical ones: some of the crimes of one spot go together."""
    numbered = list(_numbered(rows))
    possible = list(_possible_groups(((row, at) for row, at in numbered if offences.has_victims(row.crime_type)), rng))
    per_group = 2 + _OF_THREE
    wanted = round(len(rows) * _GROUPED / (1 + _GROUPED * (per_group - 1)))
    taken = rng.sample(possible, min(wanted, len(possible)))
    yield from taken
    grouped = {row.line for group in taken for row, _ in group}
    yield from (((row, number),) for row, number in numbered if row.line not in grouped)


def _numbered(rows: Iterable[Row]) -> Iterator[tuple[Row, int]]:
    seen: dict[str, int] = {}
    for row in rows:
        seen[row.text] = number = seen.get(row.text, 0) + 1
        yield row, number


def _possible_groups(numbered: Iterable[tuple[Row, int]], rng: random.Random) -> Iterator[tuple[tuple[Row, int], ...]]:
    """A contact has one place, so only crimes of one public place can be told in one."""
    by_spot: dict[tuple[str, ...], list[tuple[Row, int]]] = {}
    for row, number in numbered:
        if row.lsoa and row.longitude:
            by_spot.setdefault(row.spot, []).append((row, number))
    for crimes in by_spot.values():
        rng.shuffle(crimes)
        while len(crimes) > 1:
            size = 3 if len(crimes) > 2 and rng.random() < _OF_THREE else 2
            yield tuple(crimes[:size])
            del crimes[:size]


def _contact(group: tuple[tuple[Row, int], ...], sources: Sources) -> PlannedContact:
    request_id = uuid5(_NAMESPACE, "\x1e".join(f"{row.text}\x1f{number}" for row, number in group))
    rng = random.Random(request_id.int)
    rows = [row for row, _ in group]
    at = sources.demand.first_contact(rows[0].crime_type, rng)
    channel = _one_of(_CHANNELS, rng)
    if not rows[0].is_crime:
        contact = _nuisance(request_id, rows[0], at, channel, sources, rng)
    else:
        contact = _crimes(request_id, rows, at, channel, sources, rng)
    return replace(contact, graded=contact.channel == intake.CHANNEL_EMERGENCY_999 and rng.random() < _GRADED)


def _nuisance(
    request_id: UUID,
    row: Row,
    at: datetime,
    channel: intake.Channel.ValueType,
    sources: Sources,
    rng: random.Random,
) -> PlannedContact:
    category = _one_of(_NUISANCES, rng)
    if rng.random() >= _ALLEGED_DISORDER:
        relation = _one_of(_OTHERS_WORD, rng)
        return PlannedContact(request_id, at, channel, relation, category, (Disclosure(row),))
    told = Disclosure(row, sources.table.by_code[_DISORDER], recorded=False)
    third_party = intake.REPORTER_RELATION_OTHER_THIRD_PARTY
    return PlannedContact(request_id, at, channel, third_party, category, (told,), _decision_time(at, rng))


def _crimes(
    request_id: UUID,
    rows: Sequence[Row],
    at: datetime,
    channel: intake.Channel.ValueType,
    sources: Sources,
    rng: random.Random,
) -> PlannedContact:
    offences = _offences(rows, sources.offences, rng)
    waiting = rng.random() < _WAITING
    contrary = waiting and rng.random() < _CONTRARY
    clear = not waiting or contrary
    relation = _one_of(_VICTIMS_WORD if clear else _OTHERS_WORD, rng)
    if clear and offences[0].basis is Basis.STATE and rng.random() < _FOUND_BY_OFFICER:
        channel, relation = intake.CHANNEL_OFFICER, intake.REPORTER_RELATION_OFFICER
    told = tuple(
        Disclosure(
            row,
            offence,
            victim_confirms=clear and offence.basis is Basis.VICTIM,
            points_to_prove_made_out=clear and offence.basis is Basis.STATE,
            credible_evidence_to_contrary=contrary and row is rows[0],
            ending=sources.endings.draw(row.outcome, offence, at, rng),
        )
        for row, offence in zip(rows, offences, strict=True)
    )
    decide_at = _decision_time(at, rng) if waiting else None
    return PlannedContact(request_id, at, channel, relation, intake.INCIDENT_CATEGORY_CRIME, told, decide_at)


def _offences(rows: Sequence[Row], draw: OffenceDraw, rng: random.Random) -> list[Offence]:
    """An offence of each row's category; where several are told together, each against a victim of its own.

    Between nobody and nobody the counting rules would count two offences as one.
    """
    if len(rows) == 1:
        return [draw.offence(rows[0].crime_type, rng)]
    return [draw.offence_against_a_victim(row.crime_type, rng) for row in rows]


def _decision_time(at: datetime, rng: random.Random) -> datetime:
    return at + timedelta(hours=rng.uniform(*_DECIDED_HOURS))


def _one_of(weights: Mapping[Drawn, float], rng: random.Random) -> Drawn:
    return rng.choices(list(weights), list(weights.values()))[0]
