"""What a console position is sent: every open emergency, then every change (R-OS-01)."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.wire import optional_stamp
from services.safety.emergency.board import Board
from services.safety.emergency.changes import ChangeLog
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.proving import Proofs, SiteState
from services.safety.emergency.watches import HEARTBEAT_SECONDS, MOST_MARKS, Marks, Watch, Watches

_KIND = "emergencies"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a console asked for: what its force may see, synthetic ones too or not, and from where on."""

    force: str
    resume_token: str = ""
    synthetic: bool = False


class Consoles:
    """The streams of consoles."""

    def __init__(self, board: Board, proofs: Proofs, log: ChangeLog, most_marks: int = MOST_MARKS) -> None:
        self._board, self._proofs, self._log, self._most_marks = board, proofs, log, most_marks
        self._watches = Watches()
        board.listen(self._watches.changed)
        proofs.listen(self._watches.site_changed)

    async def stream(self, wanted: Wanted) -> AsyncGenerator[api.WatchEmergenciesResponse, None]:
        """Everything, then every change, then more; where the token is known, what changed since instead."""
        token = wanted.resume_token
        missed = self._log.since(token)
        hurries = attrgetter("urgent")
        concerns = partial(self._concerns, wanted)
        with self._watches.open(Watch(_KIND, wanted.force, concerns, hurries, self._most_marks)) as watch:
            if missed is None:
                watch.mark_everything()
            else:
                watch.mark(missed)
                for state in self._proofs.states(wanted.force):
                    watch.mark_site(state.site)
            while True:
                marks = await watch.wait(HEARTBEAT_SECONDS)
                before, token = token, self._log.token
                for reply in _numbered(self._replies(wanted, marks), before, token):
                    yield reply

    def _concerns(self, wanted: Wanted, emergency: Emergency) -> bool:
        return self._board.sees(wanted.force, emergency) and (wanted.synthetic or not emergency.synthetic)

    def _replies(self, wanted: Wanted, marks: Marks | None) -> Iterator[api.WatchEmergenciesResponse]:
        if marks is None:
            return
        if marks.everything:
            yield from self._snapshot(wanted)
            return
        for emergency_id in marks.emergencies:
            emergency = self._board.seen_by(wanted.force, emergency_id)
            if emergency is not None and self._concerns(wanted, emergency):
                yield api.WatchEmergenciesResponse(emergency=self._board.message(emergency))
        for state in self._proofs.states(wanted.force):
            if state.site in marks.sites:
                yield api.WatchEmergenciesResponse(path_alarm=_alarm(state))

    def _snapshot(self, wanted: Wanted) -> Iterator[api.WatchEmergenciesResponse]:
        yield api.WatchEmergenciesResponse(snapshot_begins=True)
        for emergency in self._board.open(wanted.force):
            if self._concerns(wanted, emergency):
                yield api.WatchEmergenciesResponse(emergency=self._board.message(emergency))
        for state in self._proofs.states(wanted.force):
            if state.alarmed:
                yield api.WatchEmergenciesResponse(path_alarm=_alarm(state))
        yield api.WatchEmergenciesResponse(snapshot_ends=True)


def _numbered(
    replies: Iterator[api.WatchEmergenciesResponse], before: str, after: str
) -> Iterator[api.WatchEmergenciesResponse]:
    """The replies with their tokens: only who has the last of them has all that had changed. At least one."""
    last = next(replies, api.WatchEmergenciesResponse(heartbeat=True))
    for reply in replies:
        last.resume_token = before
        yield last
        last = reply
    last.resume_token = after
    yield last


def _alarm(state: SiteState) -> types.PathAlarm:
    return types.PathAlarm(site=state.site, last_proven_at=optional_stamp(state.proven_at), over=not state.alarmed)
