"""In which parts a service is served, and what becomes of a process whose background work ends."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from deploy.local.roster import ROSTER, serving
from services.kernel.contract import files_of
from services.kernel.errors import OperatorFault
from services.kernel.health import Health
from services.kernel.server import policies_of
from services.kernel.serving import Background, parts_of, stem
from services.table import SERVICES


def services_of(*protos: str) -> set[str]:
    return {path.split("/")[1].rsplit(".", 1)[-1] for path in policies_of("safety", protos)}


def test_a_service_without_parts_is_served_as_one() -> None:
    (part,) = parts_of("intake")
    assert (part.protos, part.independent) == (("api",), False)
    assert [one.protos for one in parts_of("dispatch")] == [("api", "unit_api")]


def test_a_part_serves_what_its_protos_declare() -> None:
    (part,) = parts_of("safety", ("emergency",))
    assert part.independent  # R-OS-09
    assert services_of(*part.protos) == {"EmergencyService", "PeerService", "DeviceService"}
    assert services_of("api") == {"MarkerService"}


@pytest.mark.parametrize(
    ("service", "told"),
    [("safety", "safety has the parts emergency, markers: there is no x"), ("crime", "crime is not served in parts")],
)
def test_a_part_that_there_is_not(service: str, told: str) -> None:
    with pytest.raises(OperatorFault, match=told):
        parts_of(service, ("x",))


@pytest.mark.parametrize("service", SERVICES)
def test_the_parts_of_a_service_serve_each_of_its_rpcs_once(service: str) -> None:
    protos = [proto for part in parts_of(service) for proto in part.protos]
    assert sorted(protos) == sorted(stem(file.name) for file in files_of(service) if file.services_by_name)


def test_a_local_platform_serves_every_rpc_at_one_address() -> None:
    served = [
        path
        for found in serving(ROSTER).values()
        for part in parts_of(found[0].service, found[0].only)
        for path in policies_of(found[0].service, part.protos)
    ]
    assert sorted(served) == sorted(path for service in SERVICES for path in policies_of(service))


async def until_told(stop: asyncio.Event) -> None:
    await stop.wait()


async def ends(_stop: asyncio.Event) -> None:
    """Ends at once."""


async def fails(_stop: asyncio.Event) -> None:
    raise LookupError


async def deaf(_stop: asyncio.Event) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("work", [ends, fails])
def test_work_that_ends_by_itself_is_noticed(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    async def noticed() -> None:
        background = Background()
        background.start("steady", until_told)
        background.start("brief", work)  # type: ignore[arg-type]
        await asyncio.wait_for(background.one_ended(), 5)
        await background.stop(5)

    asyncio.run(noticed())


def test_work_goes_on_until_it_is_told_to_end_and_is_cut_off_where_it_does_not() -> None:
    async def stopped() -> None:
        background = Background()
        background.start("steady", until_told)
        background.start("deaf", deaf)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(background.one_ended(), 0.02)
        await background.stop(0.02)

    asyncio.run(stopped())


def test_a_process_without_background_work_just_goes_on() -> None:
    async def stopped() -> None:
        background = Background()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(background.one_ended(), 0.02)
        await background.stop(0.02)

    asyncio.run(stopped())


def test_what_is_degraded_is_told_and_does_not_make_a_process_unready() -> None:
    health = Health(rehearsal=False)
    health.set("start", None)
    health.degrade("database", "does not answer")
    assert health.ready
    assert health.report()["degraded"] == {"database": "does not answer"}
    health.degrade("database", None)
    assert health.report()["degraded"] == {}
