"""What a process of the emergency path is made of, put together in one place."""

from dataclasses import dataclass
from functools import partial

from peel.safety.v1 import emergency_api_pb2_grpc
from services.kernel.breaker import Breaker
from services.kernel.reference import local_date
from services.kernel.serving import Serving, Work
from services.safety.emergency.again import Again
from services.safety.emergency.api import EmergencyDoor, PeerDoor
from services.safety.emergency.board import Board
from services.safety.emergency.carriers import Carriers
from services.safety.emergency.changes import ChangeLog
from services.safety.emergency.desk import Desk
from services.safety.emergency.disk import Disk
from services.safety.emergency.escalation import Escalation
from services.safety.emergency.listening import Listening
from services.safety.emergency.peers import Peers
from services.safety.emergency.proving import Proofs
from services.safety.emergency.road import BUDGET_SECONDS, Road, Store
from services.safety.emergency.spool_levels import Levels
from services.safety.emergency.telling import Gateways
from services.safety.emergency.timing import Timing
from services.safety.emergency.watching import Consoles
from services.safety.reference.emergency import sites


@dataclass(frozen=True, slots=True)
class Path:
    """What a process of the emergency path has, for the devices that presses come from."""

    desk: Desk
    carriers: Carriers
    consoles: Consoles
    log: ChangeLog


def serve(serving: Serving) -> Path:
    """Adds EmergencyService and PeerService to a server, and all that works behind them."""
    clock = serving.clock
    board, carriers, log = Board(clock), Carriers(), ChangeLog()
    board.listen(log.changed)
    proofs = Proofs(sites(local_date(clock.now())))
    board.listen(proofs.changed)
    consoles, gateways = Consoles(board, proofs, log), Gateways(board, clock)
    breaker = Breaker("emergency", budget_seconds=BUDGET_SECONDS)
    store = Store(serving.appender, breaker)
    disk = Disk(serving.settings.spool, board, serving.health, store.take)
    desk = Desk(
        clock, board, carriers, Timing(board), Road(store, breaker, disk, board.settle), serving.cases.late_audit
    )
    door = EmergencyDoor(serving.cases, desk, consoles, gateways)
    emergency_api_pb2_grpc.add_EmergencyServiceServicer_to_server(door, serving.server)
    emergency_api_pb2_grpc.add_PeerServiceServicer_to_server(PeerDoor(desk, log.replica), serving.server)
    listening = Listening(serving.settings, serving.service, serving.pool, clock, board, carriers)
    background: dict[str, Work] = {
        "listen": listening.hear,
        "read": listening.read,
        "replay": partial(disk.run, listening.back),
        "levels": partial(Levels(disk, board).say, serving.pool, serving.settings.instance),
        "again": Again(board, store, disk).run,
        "peers": Peers(serving.settings, board, log.replica).run,
        "escalate": Escalation(clock, board).run,
        "prove": proofs.run,
    }
    for name, work in background.items():
        serving.background(name, work)
    return Path(desk, carriers, consoles, log)
