"""A local log to fall back on: what the store cannot take now is kept on this disk and given to it later.

For the few calls that must be durable although Postgres is away (I4, R-OS-09). A file of our own because an embedded
database ends its recovery at the first damaged frame, in silence, with all that was promised after it.
"""

from services.kernel.spool.aside import Aside, AsideFolder
from services.kernel.spool.records import Record
from services.kernel.spool.replay import drain
from services.kernel.spool.signs import SpoolFailed
from services.kernel.spool.spool import Spool

__all__ = ["Aside", "AsideFolder", "Record", "Spool", "SpoolFailed", "drain"]
