"""How much of what should have been recorded was: the Crime Data Integrity estimate (domain facts 2.9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from services.crime.domain.offences import Offence
from services.crime.domain.terms import CrimeFlag, Stratum


@dataclass(frozen=True, slots=True)
class RecordingRate:
    """One stratum of the estimate, counted in allegations. Rate and interval (0 to 1) are None where there are none."""

    stratum: Stratum
    should_be_recorded: int
    recorded: int
    recorded_within_duty: int
    rate: float | None
    low: float | None
    high: float | None


def strata(offence: Offence, flags: Iterable[CrimeFlag]) -> frozenset[Stratum]:
    """The strata that an allegation counts to."""
    belongs = {Stratum.OVERALL}
    if offence.stratum is not None:
        belongs.add(offence.stratum)
    if CrimeFlag.DOMESTIC_ABUSE in flags:
        belongs.add(Stratum.DOMESTIC_ABUSE)
    return frozenset(belongs)


def recording_rate(stratum: Stratum, should_be_recorded: int, recorded: int, within_duty: int) -> RecordingRate:
    """The estimate of a stratum from its counts: those recorded are part of those that should have been."""
    if should_be_recorded == 0:
        return RecordingRate(stratum, 0, recorded, within_duty, None, None, None)
    low, high = wilson(recorded, should_be_recorded)
    rate = recorded / should_be_recorded
    return RecordingRate(stratum, should_be_recorded, recorded, within_duty, rate, low, high)


def wilson(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson score interval of a proportion (E. B. Wilson, 1927): 95 % with the usual z.

    Raises ValueError where there are no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError("a proportion needs at least one trial, and at most as many successes")
    share = successes / trials
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    centre = share + z * z / (2 * trials)
    scale = 1 + z * z / trials
    # Rounding may carry an end past the share that the interval is about, where all or none succeeded.
    return max(0.0, min(share, (centre - spread) / scale)), min(1.0, max(share, (centre + spread) / scale))
