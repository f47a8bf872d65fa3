"""How long a control room waits before somebody has to do something. All of it is a force's own data."""

from dataclasses import dataclass
from datetime import timedelta

# The whole look for markers, by the clock of the machine (domain facts 4.3): then the unit goes, and is told that
# nobody looked. Not a force's to lengthen.
HAZARD_BUDGET = timedelta(milliseconds=800)


@dataclass(frozen=True, slots=True)
class Limits:
    """`voice_assignment`, `next_unit` and `supervise`: a crew has not acknowledged its assignment for so long.

    `voice_hazard`: a crew has not acknowledged a hazard (R-MK-03). `recheck`: a check that failed is made again.
    `marker_staleness`: a replica of markers that is older may lack one that matters.
    """

    voice_assignment: timedelta
    next_unit: timedelta
    supervise: timedelta
    voice_hazard: timedelta
    recheck: timedelta
    marker_staleness: timedelta
