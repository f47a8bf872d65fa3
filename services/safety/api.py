"""The gRPC doors of officer safety: request to command, result to reply. No logic."""

from services.kernel.serving import Part, Serving
from services.safety.devices import serve as devices
from services.safety.emergency import serve as emergency
from services.safety.markers import api as markers


def _serve_emergencies(serving: Serving) -> None:
    devices.serve(serving, emergency.serve(serving))


# The emergency path is a process of its own, and works while everything else is down (R-OS-09).
PARTS = {
    "markers": Part(("api",), markers.serve),
    "emergency": Part(("emergency_api", "device_api"), _serve_emergencies, independent=True),
}
