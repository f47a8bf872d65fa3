"""Whatever a unit does, in any order: 0 is never erased, messages overwrite nothing, no illegal state is reached."""

from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.dispatch.domain.terms import UnitStatus
from services.dispatch.units.domain.status import MESSAGES, Follows, transit
from services.dispatch.units.domain.units import assign, book_off, book_on, clear_emergency, raise_emergency, release
from services.kernel.errors import Refused
from tests.unit.dispatch.crews import MINUTE, NOW, RADIO, STATUS_RULES, member, off_duty

S = UnitStatus
EMERGENCIES = [uuid4() for _ in range(3)]


class UnitAtWork(RuleBasedStateMachine):
    """A unit beside what one would write down of it by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = off_duty()
        self.at = NOW
        self.pressed: set[object] = set()
        self.assigned = False

    def later(self) -> None:
        self.at += MINUTE

    @rule()
    def come_on_duty(self) -> None:
        self.later()
        if self.unit.status is S.OFF_DUTY:
            self.unit = book_on(self.unit, (member(),), (RADIO,), [RADIO], self.at + 480 * MINUTE, self.at)

    @rule()
    def go_off_duty(self) -> None:
        self.later()
        try:
            self.unit = book_off(self.unit, self.at)
        except Refused:
            assert self.unit.status is S.OFF_DUTY or self.pressed or self.assigned
        else:
            assert not self.pressed
            assert not self.assigned

    @rule(to=st.sampled_from([status for status in S if status]), attach=st.booleans())
    def set_status(self, to: UnitStatus, attach: bool) -> None:
        self.later()
        before = self.unit
        try:
            done = transit(before, to, self.at, STATUS_RULES, self_attach=attach)
        except Refused:
            return
        self.unit = done.unit
        assert before.status is not S.OFF_DUTY
        if to in MESSAGES:
            assert (done.unit.status, done.unit.status_since) == (before.status, before.status_since)
        else:
            assert done.unit.status is to
        if done.follows is Follows.ATTACHES:
            self.assigned = True
            self.unit = assign(self.unit, uuid4(), 2, uuid4())
        if done.follows is Follows.LEFT:
            self.assigned = False
            self.unit = release(self.unit, self.at)
            assert self.unit.status is to

    @precondition(lambda self: self.unit.status is not S.OFF_DUTY and not self.assigned)
    @rule()
    def be_sent(self) -> None:
        self.assigned = True
        self.unit = assign(self.unit, uuid4(), 2, uuid4())

    @precondition(lambda self: self.assigned)
    @rule()
    def be_released(self) -> None:
        self.later()
        self.assigned = False
        self.unit = release(self.unit, self.at)

    @rule(emergency=st.sampled_from(EMERGENCIES))
    def press(self, emergency: object) -> None:
        self.pressed.add(emergency)
        self.unit = raise_emergency(self.unit, emergency)  # type: ignore[arg-type]

    @rule(emergency=st.sampled_from(EMERGENCIES))
    def be_cleared(self, emergency: object) -> None:
        self.pressed.discard(emergency)
        self.unit = clear_emergency(self.unit, emergency)  # type: ignore[arg-type]

    @invariant()
    def emergencies_stay_until_they_are_cleared(self) -> None:
        assert set(self.unit.emergencies) == self.pressed
        assert len(self.unit.emergencies) == len(self.pressed)

    @invariant()
    def the_status_is_one_that_can_be(self) -> None:
        assert S.ON_DUTY <= self.unit.status <= S.OFF_DUTY
        assert (self.unit.assignment_id is not None) == self.assigned
        if self.unit.status in (S.EN_ROUTE, S.AT_SCENE):
            assert self.assigned
        if self.unit.status is S.OFF_DUTY:
            assert not self.assigned
        assert self.unit.last_message in (*MESSAGES, S.UNSPECIFIED)
        assert (self.unit.radios == ()) == (self.unit.status is S.OFF_DUTY)


TestUnitAtWork = UnitAtWork.TestCase
TestUnitAtWork.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
