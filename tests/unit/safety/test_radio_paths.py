"""Where none of a force's radios is heard, that is one alarm and not hundreds (R-OS-07)."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.safety.devices.domain.paths import Hearing, RadioPath, looked_at
from tests.unit.safety.pressing import FORCE, NOON, at

ALLOWED = timedelta(seconds=180)


def look(
    before: RadioPath, now: datetime, heard_at: datetime | None, *, radios: int = 9, away: bool = False
) -> RadioPath:
    hearing = Hearing(FORCE, radios, NOON, heard_at)
    return looked_at(before, hearing, now, ALLOWED, away=away)


def heard(seconds: int) -> RadioPath:
    """A path by which something came then."""
    return look(RadioPath(FORCE), at(seconds), at(seconds))


def test_a_path_that_nothing_comes_by_is_told_of_once_and_again_when_it_is_back() -> None:  # R-OS-07
    path = look(heard(0), at(180), at(0))
    assert (path.silent_since, path.sequence) == (None, 0)
    path = look(path, at(181), at(0))
    assert (path.silent_since, path.unheard_since, path.sequence) == (at(0), at(0), 1)
    assert look(path, at(183), at(0)).sequence == 1
    back = look(path, at(200), at(199))
    # Whoever was not heard in the meantime has the whole time again.
    assert (back.silent_since, back.steady_since, back.sequence) == (None, at(200), 2)


def test_no_radio_is_called_silent_while_the_path_may_be() -> None:
    assert not heard(0).doubtful(at(90), ALLOWED)
    assert heard(0).doubtful(at(91), ALLOWED)
    # It was away for less than an alarm takes: their heartbeats were lost all the same.
    assert look(heard(0), at(100), at(99)).steady_since == at(100)
    assert look(heard(0), at(60), at(59)).steady_since is None


def test_after_the_database_or_the_worker_was_away_everybody_has_the_whole_time_again() -> None:
    path = look(heard(0), at(3_600), at(0), away=True)
    assert (path.steady_since, path.silent_since) == (at(3_600), None)
    assert not path.doubtful(at(3_690), ALLOWED)
    assert look(path, at(3_600 + 181), at(0)).silent_since == at(3_600)


def test_of_one_radio_nobody_can_tell_whether_it_or_its_path_is_silent() -> None:
    path = look(heard(0), at(300), at(0), radios=1)
    assert (path.silent_since, path.doubtful(at(300), ALLOWED)) == (None, False)
    silent = look(heard(0), at(300), at(0))
    assert look(silent, at(302), None, radios=0).silent_since is None


def test_radios_that_were_never_heard_count_from_the_first_booking_on() -> None:
    path = look(RadioPath(FORCE), at(180), None)
    assert path.silent_since is None
    assert look(path, at(181), None).silent_since == NOON
    assert replace(path, force="other").id != path.id
