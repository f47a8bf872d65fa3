"""Emergencies through the public API, in few words. All people are invented, and known by the same marks as everybody
here."""

from datetime import timedelta
from typing import Any

from peel.safety.v1 import emergency_api_pb2 as api
from services.kernel.wire import stamp
from services.safety.emergency.carriers import Codes
from services.safety.emergency.domain.naming import device_id
from tests.integration.local.waiting import eventually
from tests.integration.services.running import Running
from tests.integration.services.telling import HERE, request_id

RADIO = "Zephyrine-2341001"
SAFE_CODE, DURESS_CODE = "999000111222", "0000"
_DEVICE = (
    "insert into device (device_id, force, radio, callsign, crew, duty, incident_address, latitude, longitude, "
    "point_at, safe_digest, duress_digest, salt) values ($1, $2, $3, 'W21', '{Quillfeather}', 1, "
    "'14 Nowhere Crescent, Exampleford', $4, $5, $6, $7, $8, $9) on conflict do nothing"
)


def carried(running: Running, force: str) -> str:
    """The emergency of a radio that somebody carries who has registered codes, as soon as the replicas know that."""
    codes, point = Codes.of(SAFE_CODE, DURESS_CODE), HERE.point
    where = (point.latitude, point.longitude, running.now)
    running.rows("safety", _DEVICE, device_id(force, RADIO), force, RADIO, *where, codes.safe, codes.duress, codes.salt)
    emergency_id = pressed(running, force).emergency_id
    officer = running.person("officer", force=force)
    wrong = giving(force, emergency_id, "111111")
    eventually(lambda: officer.refused(running.emergency.GiveSafeCode, wrong).reason == "CODE_WRONG")
    # Of this press, who carries it is known.
    return pressed(running, force).emergency_id


def giving(force: str, emergency_id: str, code: str) -> api.GiveSafeCodeRequest:
    return api.GiveSafeCodeRequest(request_id=request_id(), force=force, emergency_id=emergency_id, spoken_code=code)


def pressing(running: Running, force: str, radio: str = RADIO, **parts: Any) -> api.PressEmergencyRequest:
    return api.PressEmergencyRequest(
        request_id=request_id(),
        force=force,
        radio=radio,
        press_id=request_id(),
        point=HERE.point,
        position_at=stamp(running.now),
        **parts,
    )


def pressed(running: Running, force: str, radio: str = RADIO) -> api.PressEmergencyResponse:
    gateway = running.person("radio_gateway", force=force)
    return gateway.ask(running.emergency.PressEmergency, pressing(running, force, radio))


def acknowledging(force: str, emergency_id: str) -> api.AcknowledgeEmergencyRequest:
    return api.AcknowledgeEmergencyRequest(request_id=request_id(), force=force, emergency_id=emergency_id)


def confirming(force: str, emergency_id: str) -> api.ConfirmShownRequest:
    return api.ConfirmShownRequest(request_id=request_id(), force=force, emergency_id=emergency_id, console="pod-1")


def clearing(force: str, emergency_id: str) -> api.ClearEmergencyRequest:
    return api.ClearEmergencyRequest(
        request_id=request_id(),
        force=force,
        emergency_id=emergency_id,
        explanation="Zephyrine was seen safe and well at the Exampleford baths.",
    )


def escalated(running: Running, force: str) -> None:
    """Nobody takes a press in time; returns once that is on record."""
    emergency_id = pressed(running, force, f"{RADIO}-alone").emergency_id
    event = "from outbox where subject = $1 and type like '%.EmergencyEscalated'"
    eventually(lambda: running.count("safety", event.replace("Escalated", "Raised"), emergency_id) == 1)
    running.advance(timedelta(seconds=10))
    eventually(lambda: running.count("safety", event, emergency_id) == 1)
