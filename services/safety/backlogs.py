"""What can pile up in safety, and who owns it."""

from services.kernel.backlog import Backlog

BACKLOGS: tuple[Backlog, ...] = ()
