"""Words and colours that every screen uses alike."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from rich.text import Text

from peel.type.v1.place_pb2 import Place, Point

LOUD = "bold white on red"
WARNING = "bold yellow"
QUIET = "dim"


def word(name: str, prefix: str) -> str:
    """An enum's name as people say it: "HAZARD_OUTCOME_NOT_CHECKED" as "not checked"."""
    return name.removeprefix(prefix).replace("_", " ").lower()


def moment(message: Message, field: str) -> datetime | None:
    """A time of a message; None where it is left out."""
    if not message.HasField(field):
        return None
    found: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return found


def age(since: datetime | None, now: datetime) -> str:
    """How long ago: "2:05", "1:12:40"; "-" where nobody knows."""
    return "-" if since is None else span((now - since).total_seconds())


def span(seconds: float) -> str:
    """A stretch of time; a negative one has its sign."""
    sign, whole = ("-" if seconds < 0 else ""), abs(int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{sign}{rest // 60}:{rest % 60:02d}"


def until(due: datetime | None, now: datetime) -> Text:
    """How long there is left, loud once there is none."""
    if due is None:
        return Text("-", QUIET)
    left = (due - now).total_seconds()
    return Text(span(left), LOUD if left < 0 else WARNING if left < 300 else "")


def point(at: Point) -> str:
    """A position, to about ten metres, with its accuracy."""
    shown = f"{at.latitude:.4f}, {at.longitude:.4f}"
    return f"{shown} ±{at.accuracy_metres:.0f} m" if at.accuracy_metres else shown


def place(at: Place) -> str:
    """A place in the words it was told in, else its point."""
    if at.address:
        return at.address
    return point(at.point) if at.HasField("point") else at.lsoa or "place unknown"
