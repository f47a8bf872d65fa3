"""The other half of the count: who was sent without being told of hazards, and who was not heard."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.rehearsal.dispatchers import Sent
from deploy.rehearsal.emergency_desk import EmergencyDesk


@dataclass(frozen=True, slots=True)
class GoingOut:
    """What dispatch and officer safety did in the month. Milliseconds are of the real clock."""

    assignments: int
    without_hazard_answer: int
    markers_found: int
    none_found: int
    not_checked: int
    hazard_updates_expected: int
    hazard_updates_acknowledged: int
    presses: int
    presses_unseen: int
    worst_press_to_shown_ms: float
    welfare_expected: int
    welfare_expired: int
    incidents_without_a_unit: int

    @property
    def faults(self) -> list[str]:
        """What does not agree, in words."""
        checks = {
            f"{self.without_hazard_answer} units sent without a hazard answer": self.without_hazard_answer > 0,
            f"{self.hazard_updates_acknowledged} of {self.hazard_updates_expected} hazard updates acknowledged": (
                self.hazard_updates_acknowledged != self.hazard_updates_expected
            ),
            f"{self.presses_unseen} presses were not on both screens": self.presses_unseen > 0,
            f"{self.welfare_expired} of {self.welfare_expected} forgotten officers missed": (
                self.welfare_expired != self.welfare_expected
            ),
            f"{self.incidents_without_a_unit} incidents to which nobody went": self.incidents_without_a_unit > 0,
        }
        return [fault for fault, is_one in checks.items() if is_one]

    @property
    def words(self) -> Sequence[str]:
        """Three lines for the screen."""
        sent = (
            f"{self.assignments:,} units sent, {self.without_hazard_answer} without a hazard answer: "
            f"{self.markers_found:,} to markers, {self.none_found:,} to none, {self.not_checked:,} not checked and "
            "told so"
        )
        later = (
            f"{self.hazard_updates_expected:,} markers found later, {self.hazard_updates_acknowledged:,} pushed and "
            "acknowledged"
        )
        heard = (
            f"{self.presses} presses of a panic button, the slowest on both screens after "
            f"{self.worst_press_to_shown_ms:,.0f} ms; {self.welfare_expired} officers missed who did not check in, "
            f"as {self.welfare_expected} did not"
        )
        return sent, later, heard


def going_out(sent: Sent, desk: EmergencyDesk, waiting: int) -> GoingOut:
    """The count of one month."""
    outcomes: Counter[str] = sent.outcomes
    return GoingOut(
        assignments=sent.assignments,
        without_hazard_answer=outcomes["HAZARD_OUTCOME_UNSPECIFIED"],
        markers_found=outcomes["HAZARD_OUTCOME_MARKERS_FOUND"],
        none_found=outcomes["HAZARD_OUTCOME_NONE_FOUND"],
        not_checked=outcomes["HAZARD_OUTCOME_NOT_CHECKED"],
        hazard_updates_expected=sent.updates_expected,
        hazard_updates_acknowledged=sent.updates_acknowledged,
        presses=len(desk.shown) + desk.unseen,
        presses_unseen=desk.unseen,
        worst_press_to_shown_ms=round(1_000 * max(desk.shown, default=0.0), 1),
        welfare_expected=sent.welfare_expected,
        welfare_expired=sent.welfare_expired,
        incidents_without_a_unit=waiting,
    )
