"""Devices as the contract writes them, and what requests ask for: every field is checked."""

from datetime import datetime

from peel.safety.v1 import device_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.errors import Invalid, Violation
from services.kernel.validation import Check
from services.kernel.wire import optional_stamp
from services.safety.devices.domain.carrying import Device
from services.safety.devices.domain.heartbeats import Beat, Beats
from services.safety.devices.domain.paths import RadioPath
from services.safety.emergency.messages import carrier_message, point_from

RADIO_LONGEST = 64
_MOST_HEARTBEATS = 500
_CODE = r"[0-9]{4,12}"


def device_message(device: Device) -> types.Device:
    """A device as the contract writes it."""
    return types.Device(
        device_id=str(device.carrier.device_id),
        force=device.force,
        radio=device.radio,
        carrier=carrier_message(device.carrier),
        heard_at=optional_stamp(device.heard_at),
        silent=device.silent,
        tested_at=optional_stamp(device.tested_at),
        test_passed=device.test_passed,
        codes_known=device.codes_known,
    )


def path_message(path: RadioPath) -> types.RadioPath:
    """The way from a force's radios as the contract writes it."""
    return types.RadioPath(
        path_id=str(path.id),
        force=path.force,
        silent=path.silent_since is not None,
        unheard_since=optional_stamp(path.unheard_since),
        radios=path.radios,
    )


def radio_from(check: Check, radio: str) -> str:
    """The radio that a request names. Notes what is wrong with it."""
    return check.text("radio", radio, longest=RADIO_LONGEST, required=True)


def self_test_from(request: api.SelfTestRequest, now: datetime) -> str:
    """The radio to test. Raises Invalid naming every field that breaks a rule, as all of these do."""
    check = Check(now)
    radio = radio_from(check, request.radio)
    check.done()
    return radio


def codes_from(request: api.SetSafeCodesRequest, now: datetime) -> tuple[str, str, str]:
    """The radio, and the safe and the duress code of its carrier."""
    check = Check(now)
    radio = radio_from(check, request.radio)
    safe = check.text("safe_code", request.safe_code, longest=12, required=True, pattern=_CODE)
    duress = check.text("duress_code", request.duress_code, longest=12, required=True, pattern=_CODE)
    if safe == duress:
        check.violation("duress_code", "must differ from the safe code")
    check.done()
    return radio, safe, duress


def beats_from(request: api.ReportHeartbeatsRequest, now: datetime) -> Beats:
    """The heartbeats in one message of a stream. One that cannot be read is counted: the others are of other radios.

    Raises Invalid where there are more than 500.
    """
    if len(request.heartbeats) > _MOST_HEARTBEATS:
        raise Invalid([Violation("heartbeats", f"must have at most {_MOST_HEARTBEATS} entries")])
    beats = tuple(beat for one in request.heartbeats if (beat := _beat(one, now)) is not None)
    return Beats(beats, len(request.heartbeats) - len(beats))


def _beat(beat: api.Heartbeat, now: datetime) -> Beat | None:
    """A sign of life; None where it says not whose or not when. A place that is none is left out: it lives all the
    same."""
    check = Check(now)
    radio = check.text("radio", beat.radio, longest=RADIO_LONGEST, required=True)
    at = check.moment("at", beat.at, given=beat.HasField("at"))
    try:
        check.done()
    except Invalid:
        return None
    if at is None:
        return None
    return Beat(radio, at, point_from(beat.point) if beat.HasField("point") else None)
