"""Reads the code tables; nothing is read on import.

A table that breaks its own rules raises ValueError or KeyError: a service does not start on half a table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.crime.domain.authority import Action, Authorities, Authority
from services.crime.domain.offences import Offence, OffenceTable
from services.crime.domain.reported_incidents import ReportedIncident
from services.crime.domain.rule_sets import ConductRule, RuleSet, RuleSets
from services.crime.domain.tables import GroundRule, OutcomeRule, Publication, SuspectRule, Tables
from services.crime.domain.terms import Basis, CancellationGround, CourtDisposal, NonRecordingReason, Role, Stratum
from services.crime.domain.validity import Validity
from services.kernel.reference import read_table, valid_from, valid_to


@dataclass(frozen=True, slots=True)
class Force:
    """A police force: its id here and on data.police.uk, its two-digit code, and its public name."""

    force: str
    code: str
    name: str


def load_tables() -> Tables:
    """Everything that the rules read."""
    return Tables(
        offences=OffenceTable({row["code"]: _offence(row) for row in _rows("offences")}),
        rule_sets=RuleSets(tuple(_rule_set(row) for row in _rows("rule_sets"))),
        authorities=Authorities(tuple(_authority(row) for row in _rows("authorities"))),
        outcomes={row["code"]: _outcome(row) for row in _rows("outcomes")},
        grounds={ground.ground: ground for ground in map(_ground, _rows("cancellation_grounds"))},
        disposals={CourtDisposal[row["disposal"]]: row["public_category"] for row in _rows("disposals")},
        publication=_publication({row["name"]: row["value"] for row in _rows("publication")}),
        reported_incidents=tuple(_reported_incident(row) for row in _rows("reported_incidents")),
    )


def load_forces() -> dict[str, Force]:
    """The 43 territorial forces of England and Wales and the British Transport Police, by force id."""
    return {row["force"]: Force(row["force"], row["code"], row["name"]) for row in _rows("forces")}


def load_lsoa_names() -> dict[str, str]:
    """Names of lower layer super output areas by code: those that the bundled files name, not the whole country."""
    return {row["code"]: row["name"] for row in _rows("lsoa")}


def _rows(table: str) -> Iterator[dict[str, str]]:
    return read_table("services.crime.reference", f"{table}.csv")


def _offence(row: dict[str, str]) -> Offence:
    return Offence(
        code=row["code"],
        description=row["description"],
        category=row["category"],
        basis=Basis(row["basis"]),
        seriousness=int(row["seriousness"]),
        stratum=Stratum(row["stratum"]) if row["stratum"] else None,
        rape=_yes(row["rape"]),
        victim_protected=_yes(row["victim_protected"]),
        conduct=_yes(row["conduct"]),
        outranks_conduct=_yes(row["outranks_conduct"]),
        summary_only=_yes(row["summary_only"]),
        recordable=_yes(row["recordable"]),
        validity=_validity(row),
    )


def _rule_set(row: dict[str, str]) -> RuleSet:
    duty = timedelta(hours=int(row["duty_hours"]))
    return RuleSet(row["name"], _validity(row), duty, ConductRule(row["conduct"]))


def _authority(row: dict[str, str]) -> Authority:
    return Authority(Action(row["action"]), row["code"], _yes(row["rape"]), Role(row["role"]), _validity(row))


def _outcome(row: dict[str, str]) -> OutcomeRule:
    return OutcomeRule(
        code=row["code"],
        description=row["description"],
        suspect=SuspectRule(row["suspect"]),
        needs_victim_decision=_yes(row["victim_decision"]),
        needs_reference=_yes(row["reference"]),
        needs_time_limit=_yes(row["time_limit"]),
        needs_other_body=_yes(row["other_body"]),
        court=_yes(row["court"]),
        force_use=_yes(row["force_use"]),
        public_category=row["public_category"],
        validity=_validity(row),
    )


def _ground(row: dict[str, str]) -> GroundRule:
    return GroundRule(
        CancellationGround[row["ground"]],
        row["description"],
        needs_evidence=_yes(row["evidence"]),
        violence_only=_yes(row["violence_only"]),
        validity=_validity(row),
    )


def _reported_incident(row: dict[str, str]) -> ReportedIncident:
    reason = NonRecordingReason[row["reason"] or "UNSPECIFIED"]
    return ReportedIncident(row["code"], frozenset(row["offences"].split()), reason, _validity(row))


def _publication(values: Mapping[str, str]) -> Publication:
    return Publication(
        undecided_for=timedelta(days=int(values["undecided_days"])),
        undecided=values["undecided"],
        undecided_late=values["undecided_late"],
        charged_for=timedelta(days=int(values["charged_days"])),
        charged=values["charged"],
        charged_late=values["charged_late"],
        anti_social_behaviour=values["anti_social_behaviour"],
    )


def _validity(row: dict[str, str]) -> Validity:
    return Validity(valid_from(row), valid_to(row))


def _yes(text: str) -> bool:
    return {"yes": True, "no": False}[text]
