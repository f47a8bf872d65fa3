"""Qualifications of a crew. One that has expired is none (domain facts 4.2)."""

from collections.abc import Sequence
from datetime import date

from services.dispatch.domain.records import CrewMember


def skills_on(crew: Sequence[CrewMember], day: date) -> frozenset[str]:
    """Codes of the skills that somebody of the crew holds on a day, its last day included."""
    return frozenset(
        skill.code for member in crew for skill in member.skills if skill.expires_on is None or day <= skill.expires_on
    )
