"""Whatever happens, in whatever order, heard by whichever replica and however often: the same emergencies (I4)."""

import random
from collections.abc import Callable
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import Refused
from services.safety.emergency.domain import answering, naming
from services.safety.emergency.domain.answering import Answer, Code
from services.safety.emergency.domain.folding import Emergency, EmergencyState
from services.safety.emergency.domain.holding import Holding
from services.safety.emergency.domain.receiving import Arrival, receive
from services.safety.emergency.domain.signals import Carrier, Press, Signal, SignalKind
from tests.unit.safety.pressing import FORCE, at

REPLICAS = 3
RADIOS = ("2341001", "2341002")
PEOPLE = ("dispatcher-1", "supervisor-1")
ROLES = frozenset({"ROLE_SUPERVISOR"})


class World:
    """Replicas that hear of each other only when told to, and all that ever happened."""

    def __init__(self) -> None:
        self.replicas = [Holding() for _ in range(REPLICAS)]
        self.happened: list[Signal] = []
        self.clock = 0

    def act(self, replica: int, do: Callable[[Holding], Signal | None]) -> None:
        self.clock += 1
        try:
            signal = do(self.replicas[replica])
        except Refused:
            return
        if signal is not None:
            self.replicas[replica].add(signal)
            self.happened.append(signal)

    def press(self, replica: int, radio: str, number: str) -> None:
        arrival = Arrival(FORCE, at(self.clock), "gateway-1", UUID(int=self.clock))
        carrier = Carrier(naming.device_id(FORCE, radio))
        self.act(replica, lambda held: receive(Press(radio, number), carrier, arrival, held.of_radio(FORCE, radio)))

    def say(self, replica: int, radio: str, what: str, by: str) -> None:
        answer = Answer(by, at(self.clock))
        self.act(replica, lambda held: said(held, radio, what, answer))


def said(held: Holding, radio: str, what: str, answer: Answer) -> Signal | None:
    """What somebody says about the radio's newest emergency on that replica."""
    emergencies = [one for one in held.of_radio(FORCE, radio) if one.alarms]
    if not emergencies:
        return None
    emergency = max(emergencies, key=lambda one: (one.alarms[-1].at, one.id))
    match what:
        case "shown":
            return answering.shown(emergency, f"console of {answer.by}", answer)
        case "acknowledge":
            return answering.acknowledge(emergency, "", answer)
        case "safe" | "duress":
            return answering.give_code(emergency, Code(what), answer)
        case _:
            rules = {"roles": ROLES, "codes_known": what == "clear", "explanation": "over"}
            return answering.clear(emergency, answer, **rules)  # type: ignore[arg-type]


SAYINGS = ("shown", "acknowledge", "safe", "duress", "clear", "clear without codes")
replicas, radios = st.integers(0, REPLICAS - 1), st.sampled_from(RADIOS)
steps = st.one_of(
    st.tuples(st.just("press"), replicas, radios, st.sampled_from("123")),
    st.tuples(st.just("say"), replicas, radios, st.sampled_from(SAYINGS), st.sampled_from(PEOPLE)),
    # A long way towards an end, which chance alone seldom goes.
    st.tuples(st.just("end"), replicas, radios),
    st.tuples(st.just("tell"), replicas, replicas, st.integers(0, 2**32)),
)


def played(story: list[tuple[object, ...]]) -> World:
    """The world after these steps."""
    world = World()
    for step in story:
        match step:
            case ("press", int(replica), str(radio), str(number)):
                world.press(replica, radio, number)
            case ("say", int(replica), str(radio), str(what), str(by)):
                world.say(replica, radio, what, by)
            case ("end", int(replica), str(radio)):
                for what in ("acknowledge", "safe", "clear"):
                    world.say(replica, radio, what, PEOPLE[0])
            case ("tell", int(one), int(other), int(seed)):
                told = [signal for signal in world.happened if seed >> (hash(signal.id) % 32) & 1]
                heard = [signal for signal in told if signal in everything(world.replicas[one])]
                for signal in heard:
                    world.replicas[other].add(signal)
    return world


def everything(held: Holding) -> list[Signal]:
    return [signal for emergency in held.all() for signal in emergency.signals]


def held(signals: list[Signal]) -> dict[UUID, Emergency]:
    holding = Holding()
    for signal in signals:
        holding.add(signal)
    return {emergency.id: emergency for emergency in holding.all()}


@given(st.lists(steps, max_size=40), st.randoms(use_true_random=False))
def test_any_order_any_repetition_and_any_split_make_the_same(
    story: list[tuple[object, ...]], chance: random.Random
) -> None:
    world = played(story)
    wanted = held(world.happened)
    for replica in world.replicas:
        rest = [*world.happened, *chance.choices(world.happened, k=5)] if world.happened else []
        chance.shuffle(rest)
        for signal in rest:
            replica.add(signal)
        assert {emergency.id: emergency for emergency in replica.all()} == wanted


@given(st.lists(steps, max_size=40))
def test_nothing_ends_without_a_clear_that_names_every_press(story: list[tuple[object, ...]]) -> None:  # R-OS-06
    for emergency in held(played(story).happened).values():
        named = {alarm for signal in emergency.of(SignalKind.CLEARED) for alarm in signal.covers}
        every = {alarm.id for alarm in emergency.alarms}
        assert (emergency.state is EmergencyState.CLEARED) == (bool(every) and every <= named)


@given(st.lists(steps, max_size=40))
def test_every_press_escalates_until_an_acknowledgement_names_it(story: list[tuple[object, ...]]) -> None:  # R-OS-03
    for emergency in held(played(story).happened).values():
        named = {
            alarm
            for signal in emergency.signals
            if signal.kind in (SignalKind.ACKNOWLEDGED, SignalKind.CLEARED)
            for alarm in signal.covers
        }
        assert {alarm.id for alarm in emergency.untaken} == {alarm.id for alarm in emergency.alarms} - named


@given(st.lists(st.tuples(replicas, radios, st.sampled_from("123")), min_size=1, max_size=20))
def test_presses_of_a_radio_are_one_emergency_wherever_they_arrive(
    presses: list[tuple[int, str, str]],
) -> None:  # R-OS-05
    world = World()
    for replica, radio, number in presses:
        world.press(replica, radio, number)
    emergencies = held(world.happened)
    assert len(emergencies) == len({radio for _, radio, _ in presses})
    pressed = sum(len(emergency.alarms) for emergency in emergencies.values())
    assert pressed == len({(radio, number) for _, radio, number in presses})


@given(st.lists(steps, max_size=40))
def test_an_emergency_that_was_heard_of_can_be_forgotten_whole(story: list[tuple[object, ...]]) -> None:
    for replica in played(story).replicas:
        replica.forget([emergency.id for emergency in replica.all()])
        assert not list(replica.all())
        assert not any(replica.of_radio(FORCE, radio) for radio in RADIOS)
