"""What can pile up in dispatch, and who owns it."""

from services.kernel.backlog import Backlog

BACKLOGS: tuple[Backlog, ...] = ()
