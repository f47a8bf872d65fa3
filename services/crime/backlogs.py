"""What can pile up in crime recording, and who owns it."""

from services.kernel.backlog import Backlog

BACKLOGS = (
    Backlog(
        "crime.recording-tray",
        "crime recording supervisor",
        "Reports that wait for a person's recording decision.",
        "select count(*) as size, min(first_contact_at) as oldest from report where state = 1",
    ),
    Backlog(
        "crime.recording-overdue",
        "force crime registrar",
        "Reports still undecided more than 24 hours after first contact.",
        "select count(*) as size, min(due_at) as oldest from report where state = 1 and due_at <= $1",
    ),
    Backlog(
        "crime.awaiting-second-person",
        "crime recording supervisor",
        "Allegations that one person would not record and that wait for a second person.",
        "select count(*) as size, min(proposed_at) as oldest from allegation "
        "where proposed_at is not null and decided_at is null",
    ),
    Backlog(
        "crime.without-outcome",
        "investigation supervisor",
        "Recorded crimes that have no outcome yet.",
        "select count(*) as size, min(recorded_at) as oldest from crime where state = 1",
    ),
)
