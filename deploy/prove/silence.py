"""Silence: an emergency that nobody takes. It escalates on time, also while the database is dead (R-OS-03, I4)."""

import asyncio

from deploy.people.waiting import until
from deploy.prove.stage import Stage
from deploy.prove.verdict import Verdict
from peel.safety.v1 import emergency_types_pb2 as types
from services.watch.console import Console

# As the reference data of the force have it.
_DUE = {
    types.ESCALATION_LEVEL_SUPERVISOR: 10.0,
    types.ESCALATION_LEVEL_ALL_POSITIONS: 20.0,
    types.ESCALATION_LEVEL_UNITS_NEARBY: 30.0,
    types.ESCALATION_LEVEL_NEIGHBOURING_FORCE: 60.0,
}
_LATE_SECONDS = 1.5
_KILLED_AFTER_SECONDS, _DOWN_SECONDS = 15.0, 20.0
_GRACE_SECONDS = 5.0


async def silence(stage: Stage) -> Verdict:
    """One press that is shown and not taken; the database is away from its 15th to its 35th second."""
    async with stage.consoles("pod-1", "pod-2") as consoles, stage.gateway() as gateway:
        pressed = await gateway.press("review-silence")
        outage = asyncio.create_task(_outage(stage))
        await until(lambda: _reached(consoles, pressed.emergency_id), max(_DUE.values()) + _GRACE_SECONDS)
        await outage
        await stage.ready()
        late = {
            level: max(
                console.levels.get((pressed.emergency_id, level), float("inf")) - pressed.sent_at - due
                for console in consoles
            )
            for level, due in _DUE.items()
        }
        taken = await consoles[0].acknowledge(pressed.emergency_id)
    names = {level: types.EscalationLevel.Name(level).removeprefix("ESCALATION_LEVEL_").lower() for level in _DUE}
    faults = [
        f"{names[level]} was reached {'never' if by == float('inf') else f'{by:.1f} s late'}"
        for level, by in late.items()
        if by > _LATE_SECONDS
    ]
    early = [f"{names[level]} was reached too early" for level, by in late.items() if by < -_LATE_SECONDS]
    ended = taken.state == types.EMERGENCY_STATE_ACKNOWLEDGED
    if not ended:
        faults.append("a person's acknowledgement did not end it")
    figures = {f"{names[level]}_seconds": round(_DUE[level] + by, 1) for level, by in late.items()}
    return Verdict({**figures, "database_away_seconds": _DOWN_SECONDS}, (*faults, *early))


async def _outage(stage: Stage) -> None:
    await asyncio.sleep(_KILLED_AFTER_SECONDS)
    async with stage.without("postgres"):
        await asyncio.sleep(_DOWN_SECONDS)


async def _reached(consoles: list[Console], emergency_id: str) -> bool:
    last = types.ESCALATION_LEVEL_NEIGHBOURING_FORCE
    return all((emergency_id, last) in console.levels for console in consoles)
