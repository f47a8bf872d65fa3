"""A marker from its making to its end (domain facts 4.3): what it must say, who may see what, and how it changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.kernel.errors import Refused, Violation
from services.safety.markers.domain.codes import Codes
from services.safety.markers.domain.subjects import Subject, misfits
from services.safety.markers.domain.terms import MarkerSource, MarkerState, Reliability, Severity

INTELLIGENCE = "ROLE_INTELLIGENCE"
# A marker that nobody looked at for longer is not known to be true any more [R].
LONGEST = timedelta(days=5 * 365 + 2)


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """What a marker says. `certificate_number` only where the register of certificate holders is its source."""

    subject: Subject
    code: str
    severity: Severity
    source: MarkerSource
    reliability: Reliability
    grounds: str
    expires_at: datetime
    # Not after expires_at.
    review_due: datetime
    handling_instruction: str = ""
    restricted: bool = False
    contact_point: str = ""
    certificate_number: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """What somebody asks a marker to say; anything may be missing."""

    subject: Subject
    code: str
    severity: Severity
    source: MarkerSource
    reliability: Reliability
    grounds: str = ""
    handling_instruction: str = ""
    restricted: bool = False
    contact_point: str = ""
    review_due: datetime | None = None
    expires_at: datetime | None = None

    def content(self, codes: Codes) -> Content:
        """The content of a draft without faults; where left out, severity is the code's and review at the expiry."""
        if self.expires_at is None:
            raise ValueError("a draft without an expiry")
        return Content(
            subject=self.subject,
            code=self.code,
            severity=self.severity or codes[self.code].severity,
            source=self.source,
            reliability=self.reliability,
            grounds=self.grounds,
            expires_at=self.expires_at,
            review_due=self.review_due or self.expires_at,
            handling_instruction=self.handling_instruction,
            restricted=self.restricted,
            contact_point=self.contact_point,
        )


def violations(draft: Draft, codes: Codes, now: datetime) -> Iterator[Violation]:
    """What is wrong with a draft, by field. `codes` are those of the force on that day."""
    for misfit in misfits(draft.subject):
        yield replace(misfit, field=f"subject.{misfit.field}")
    yield from _of_code(draft, codes)
    if draft.source is MarkerSource.FIREARMS_LICENSING:
        yield Violation("source", "is open to the register of certificate holders only", "SOURCE_NOT_OPEN")
    if not draft.grounds.strip():
        yield Violation(
            "grounds", "must be given: nobody can review what nobody knows the grounds of", "GROUNDS_MISSING"
        )
    if draft.restricted and not draft.contact_point.strip():
        yield Violation("contact_point", "must be given where the marker is restricted", "CONTACT_POINT_MISSING")
    yield from _of_time(draft, now)


def _of_code(draft: Draft, codes: Codes) -> Iterator[Violation]:
    code = codes.get(draft.code)
    if code is None:
        yield Violation("code", "is not a marker code of this force on this day", "CODE_UNKNOWN")
    elif draft.subject.kind and draft.subject.kind not in code.kinds:
        yield Violation("code", "is not for this kind of subject", "CODE_DOES_NOT_FIT")
    elif code.restricted and not draft.restricted:
        yield Violation("restricted", "must be set for this code", "RESTRICTION_NEEDED")


def _of_time(draft: Draft, now: datetime) -> Iterator[Violation]:
    if draft.expires_at is None:
        yield Violation("expires_at", "must be given: a marker without an end outlives its truth", "EXPIRY_MISSING")
    elif draft.expires_at <= now:
        yield Violation("expires_at", "must be in the future", "EXPIRY_PAST")
    elif draft.expires_at - now > LONGEST:
        yield Violation("expires_at", "must be at most five years from now", "EXPIRY_TOO_FAR")
    if draft.review_due is None:
        return
    if draft.review_due <= now:
        yield Violation("review_due", "must be in the future", "REVIEW_PAST")
    elif draft.expires_at is not None and draft.review_due > draft.expires_at:
        yield Violation("review_due", "must not be after the expiry", "REVIEW_AFTER_EXPIRY")


@dataclass(frozen=True, slots=True)
class Marker:
    """A warning marker as the ledger keeps it. `version` counts its changes from 1."""

    id: UUID
    force: str
    content: Content
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    version: int = 1
    withdrawn_at: datetime | None = None
    withdrawn_explanation: str = ""

    @property
    def clock(self) -> UUID:
        """What the clocks of this version are named by: what strikes late is of a version that is no more."""
        return _clock(self.id, self.version)

    @property
    def clock_before(self) -> UUID:
        """What the clocks of the version before it are named by."""
        return _clock(self.id, self.version - 1)

    def state(self, at: datetime) -> MarkerState:
        """Where it stands at a moment: by its expiry alone, whatever job ran or did not."""
        if self.withdrawn_at is not None:
            return MarkerState.WITHDRAWN
        return MarkerState.EXPIRED if at >= self.content.expires_at else MarkerState.ACTIVE


def _clock(marker_id: UUID, version: int) -> UUID:
    return uuid5(marker_id, str(version))


def made(marker_id: UUID, force: str, content: Content, by: str, at: datetime) -> Marker:
    """A new marker."""
    return Marker(marker_id, force, content, created_by=by, created_at=at, changed_by=by, changed_at=at)


def changed(marker: Marker, by: str, at: datetime) -> Marker:
    """The next version of the marker, which says the same."""
    return replace(marker, version=marker.version + 1, changed_by=by, changed_at=at)


def revise(marker: Marker, looked_at: int, content: Content, by: str, roles: frozenset[str], at: datetime) -> Marker:
    """The marker with other content; one that expired is renewed by it.

    Raises Refused: MARKER_CHANGED where somebody else was first, MARKER_WITHDRAWN, and as `_may_change` says.
    """
    _may_change(marker, roles)
    if marker.version != looked_at:
        raise Refused("MARKER_CHANGED", rule="somebody changed the marker since it was looked at: look again")
    return replace(changed(marker, by, at), content=content)


def withdraw(marker: Marker, explanation: str, by: str, roles: frozenset[str], at: datetime) -> Marker:
    """The marker, out of use. It stays in the ledger. Raises Refused: MARKER_WITHDRAWN, and as `_may_change` says."""
    _may_change(marker, roles)
    return replace(changed(marker, by, at), withdrawn_at=at, withdrawn_explanation=explanation)


def _may_change(marker: Marker, roles: frozenset[str]) -> None:
    """Raises Refused: MARKER_WITHDRAWN, REGISTER_IS_MASTER, and MARKER_RESTRICTED where it may not even be read."""
    if marker.withdrawn_at is not None:
        raise Refused("MARKER_WITHDRAWN", rule="a withdrawn marker is not changed again: make a new one")
    if marker.content.certificate_number:
        raise Refused(
            "REGISTER_IS_MASTER", rule="a certificate holder is changed in the register of firearms licensing"
        )
    if marker.content.restricted and INTELLIGENCE not in roles:
        raise Refused("MARKER_RESTRICTED", rule=f"a restricted marker is changed by {INTELLIGENCE}", permission=True)


def shown(marker: Marker, roles: frozenset[str]) -> Marker:
    """What a reader with these roles may see of a marker.

    Of a restricted one everybody sees that it exists, how grave it is, what to do and whom to ask: a hidden log hid the
    risk itself (domain facts 4.3). Whom and what it is about, ROLE_INTELLIGENCE only.
    """
    if not marker.content.restricted or INTELLIGENCE in roles:
        return marker
    bare = told(marker)
    return replace(bare, content=replace(bare.content, subject=Subject(marker.content.subject.kind)))


def told(marker: Marker) -> Marker:
    """What other services are told of a marker: of a restricted one, neither code nor grounds, nor where they are from.

    Whom it is about they need, or nobody could be warned.
    """
    if not marker.content.restricted:
        return marker
    content = replace(
        marker.content,
        code="",
        source=MarkerSource.UNSPECIFIED,
        reliability=Reliability.UNSPECIFIED,
        grounds="",
        certificate_number="",
    )
    return replace(marker, content=content, created_by="", changed_by="", withdrawn_explanation="")
