"""What stands in two places says the same in both: the contract's enums and the domains', the two offence tables."""

import csv
from collections.abc import Mapping
from enum import IntEnum
from importlib.resources import files
from inspect import getmembers
from types import ModuleType

import pytest

from services.crime import ledger
from services.crime.domain import terms
from services.dispatch.domain import terms as dispatch_terms
from services.intake import domain
from services.intake.reference import offence_codes
from services.kernel.reference import valid_from, valid_to
from services.safety.emergency.domain import folding, positions, signals, telling
from services.safety.markers.domain import terms as marker_terms
from tests.contract import declared

# The domain's word where it differs from the contract's.
OTHER_ENUM = {"Dimension": "ReconcileDimension"}
OTHER_VALUE = {("AllegationDecision", "UNDECIDED"): "UNSPECIFIED"}
WORDS = [
    pytest.param(service, words, id=f"{service}-{words.__name__}")
    for service, module in (
        ("intake", domain),
        ("crime", terms),
        ("crime", ledger),
        ("dispatch", dispatch_terms),
        ("safety", marker_terms),
        ("safety", signals),
        ("safety", folding),
        ("safety", positions),
        ("safety", telling),
    )
    for _, words in getmembers(module, lambda one: isinstance(one, type) and issubclass(one, IntEnum))
    if words is not IntEnum and words.__module__ == module.__name__
]


def contract_enums(service: str) -> Mapping[str, Mapping[str, int]]:
    """The enums that a service may use, by name; values without the prefix that buf asks for."""
    found: dict[str, Mapping[str, int]] = {}
    for enum in declared.enums():
        if enum.file.package.split(".")[1] in (service, "intake"):
            prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
            found[enum.name] = {value.name.removeprefix(prefix): value.number for value in enum.values}
    return found


@pytest.mark.parametrize(("service", "words"), WORDS)
def test_a_domains_words_are_the_contracts(service: str, words: type[IntEnum]) -> None:
    name = words.__name__
    said = {OTHER_VALUE.get((name, word.name), word.name): word.value for word in words}
    assert said == contract_enums(service)[OTHER_ENUM.get(name, name)]


@pytest.mark.parametrize(
    ("service", "modules"), [("intake", [domain]), ("crime", [terms, ledger]), ("dispatch", [dispatch_terms])]
)
def test_every_enum_of_the_contract_has_its_words(service: str, modules: list[ModuleType]) -> None:
    said = {OTHER_ENUM.get(name, name) for module in modules for name in vars(module)}
    own = {enum.name for enum in declared.enums() if enum.file.package == f"peel.{service}.v1"}
    assert own <= said


def test_both_services_know_the_same_offences_on_the_same_days() -> None:
    with (files("services.crime.reference") / "offences.csv").open(encoding="utf-8") as file:
        recordable = [line for line in csv.DictReader(file) if line["recordable"] == "yes"]
    crime = {line["code"]: (valid_from(line), valid_to(line)) for line in recordable}
    assert {code: (one.valid_from, one.valid_to) for code, one in offence_codes().items()} == crime
