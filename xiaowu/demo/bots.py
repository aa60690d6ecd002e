"""A process full of bots: reads its plan from standard input, reports on standard output.

The first line is the plan; at the second, whatever it says, residents begin to come in. It ends
when its standard input does. So it ends with whoever started it, however that one ended.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

from kiosk_client.device_key import DeviceKey
from kiosk_client.enrol import enrol
from kiosk_client.hall_api import HallApi
from kiosk_client.settings import load_settings
from kiosk_client.tokens import Tokens
from signaling.client.closing import closed_peers
from xiaowu.demo.agent_session import AgentSession
from xiaowu.demo.bot import Bot
from xiaowu.demo.bot_plan import BotPlan, KioskBotPlan, SeatBotPlan
from xiaowu.demo.bot_report import BotReport
from xiaowu.demo.kiosk_bot import KioskBot
from xiaowu.demo.quota import Quota
from xiaowu.demo.seat_bot import SeatBot
from xiaowu.demo.wall_watch import WallWatch

log = logging.getLogger(__name__)

ONE_AFTER_ANOTHER_S: Final = 0.05
AGAIN_AFTER_S: Final = 5.0
"""A bot whose session was ended sits down again after so long."""
LONGEST_PLAN: Final = 1024 * 1024


async def run_bots(
    plan: BotPlan, tell: Callable[[BotReport], None], *, opened: asyncio.Event
) -> None:
    """Run the bots of `plan` until cancelled; no resident comes before the hall is `opened`."""
    async with AsyncExitStack() as stack:
        runs: list[Callable[[], Awaitable[None]]] = []
        if plan.kiosks:
            api = await stack.enter_async_context(HallApi(plan.server_url))
            quota = Quota(plan.manners.tickets_at_once, plan.manners.tickets_in_all)
            for kiosk in plan.kiosks:
                device = await _device_of(plan, kiosk, api)
                tokens = Tokens(api, device, "page")
                runs.append(
                    _kiosk_runner(plan, kiosk, tokens=tokens, quota=quota, opened=opened, tell=tell)
                )
        if plan.seats:
            wall = WallWatch(plan.server_url, plan.supervisor)
            if plan.person_seat is not None:
                await stack.enter_async_context(wall)
            rota = Quota(plan.manners.seats_at_once)
            for seat in plan.seats:
                session = await stack.enter_async_context(
                    AgentSession(plan.server_url, seat.account.login, seat.account.password)
                )
                runs.append(
                    _seat_runner(plan, seat, session=session, rota=rota, wall=wall, tell=tell)
                )
        async with asyncio.TaskGroup() as group:
            for run in runs:
                group.create_task(_again_and_again(run))
                await asyncio.sleep(ONE_AFTER_ANOTHER_S)


async def _again_and_again(run: Callable[[], Awaitable[None]]) -> None:
    while True:
        await run()
        await asyncio.sleep(AGAIN_AFTER_S)


async def _device_of(plan: BotPlan, kiosk: KioskBotPlan, api: HallApi) -> DeviceKey:
    """Return the kiosk's key, enrolled now if the plan brings a code."""
    if kiosk.code is None:
        return DeviceKey.load(kiosk.data_dir)
    settings = load_settings(server_url=plan.server_url, data_dir=kiosk.data_dir, port=kiosk.port)
    return await enrol(settings, api, kiosk.code)


def _kiosk_runner(
    plan: BotPlan,
    kiosk: KioskBotPlan,
    *,
    tokens: Tokens,
    quota: Quota,
    opened: asyncio.Event,
    tell: Callable[[BotReport], None],
) -> Callable[[], Awaitable[None]]:
    def make() -> Bot:
        rng = random.Random(f"{plan.seed} kiosk {kiosk.number}")
        return KioskBot(
            plan, kiosk, token=tokens.token, quota=quota, opened=opened, tell=tell, rng=rng
        )

    return lambda: make().run()


def _seat_runner(
    plan: BotPlan,
    seat: SeatBotPlan,
    *,
    session: AgentSession,
    rota: Quota,
    wall: WallWatch,
    tell: Callable[[BotReport], None],
) -> Callable[[], Awaitable[None]]:
    def make() -> Bot:
        return SeatBot(
            plan,
            seat,
            token=session.token,
            rota=rota,
            person_is_free=lambda: plan.person_seat is not None and wall.is_free(plan.person_seat),
            tell=tell,
            rng=random.Random(f"{plan.seed} seat {seat.number}"),
        )

    return lambda: make().run()


async def main() -> None:
    """Run the plan that comes on standard input until that ends, or SIGTERM."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=LONGEST_PLAN)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    plan = BotPlan.model_validate_json(await lines.readline())
    opened = asyncio.Event()
    bots = asyncio.create_task(run_bots(plan, _print, opened=opened), name="bots")
    ended = asyncio.create_task(_follow(lines, opened), name="standard input")
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.cancel)
    await asyncio.wait({bots, ended}, return_when=asyncio.FIRST_COMPLETED)
    if bots.done():
        await bots  # raises what broke them
    bots.cancel()
    ended.cancel()
    await asyncio.gather(bots, ended, return_exceptions=True)
    await closed_peers()


async def _follow(lines: asyncio.StreamReader, opened: asyncio.Event) -> None:
    """Open the hall at the next line; return when there are no more."""
    while await lines.readline():
        opened.set()


def _print(report: BotReport) -> None:
    print(report.model_dump_json(), flush=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("aioice").setLevel(
        logging.WARNING
    )  # it writes candidates, which are addresses
    asyncio.run(main())
