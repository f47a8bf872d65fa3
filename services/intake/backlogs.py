"""What can pile up in call intake, and who owns it."""

from services.kernel.backlog import Backlog

BACKLOGS = (
    Backlog(
        "intake.contacts-without-thrive",
        "control room supervisor",
        "Contacts whose risk nobody has assessed.",
        "select count(*) as size, min(first_contact_at) as oldest from contact where state = 1",
    ),
    Backlog(
        "intake.incidents-open",
        "control room supervisor",
        "Graded incidents that are not closed.",
        "select count(*) as size, min(graded_at) as oldest from incident where state = 1",
    ),
)
