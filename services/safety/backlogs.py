"""What can pile up in safety, and who owns it."""

from services.kernel.backlog import Backlog

BACKLOGS = (
    Backlog(
        "safety.emergencies-unacknowledged",
        "control room supervisor",
        "Emergencies with a press or a duress code that no person has taken.",
        "select count(distinct emergency_id) as size, min(at) as oldest from alarm "
        "where not taken and not cleared and not synthetic",
    ),
)
