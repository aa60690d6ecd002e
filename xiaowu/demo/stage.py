"""The demo's programs on their feet: server, the person's kiosk, bots; and what the bots tell."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from pydantic import ValidationError

from kiosk_client.app import enrol_kiosk
from kiosk_client.settings import load_settings as load_kiosk_settings
from seat_server.district import District
from seat_server.settings import Settings
from xiaowu.demo.bot_plan import Account, BotPlan, Manners
from xiaowu.demo.bot_report import BotReady, BotReport, bot_report
from xiaowu.demo.cast import Cast
from xiaowu.demo.folder import DemoFolder
from xiaowu.demo.preparation import (
    KioskPlace,
    Prepared,
    prepare,
    write_kiosk_settings,
    write_settings,
)
from xiaowu.demo.processes import Program, ProgramFailed, Programs, ended_by_itself
from xiaowu.demo.sample_card import lay_out_sample_card

log = logging.getLogger(__name__)

READY_WITHIN_S: Final = 60.0
BOTS_READY_WITHIN_S: Final = 90.0
LOOK_EVERY_S: Final = 0.1

Hear = Callable[[BotReport], None]
Step = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """How a demo is to go."""

    folder: DemoFolder
    district: District
    cast: Cast
    server_port: int
    kiosk_port: int
    seed: int
    manners: Manners | None
    """None: no bots."""
    queue: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the server's policy that differ from the usual."""

    @property
    def server_url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def kiosk_url(self) -> str:
        """Where the person's kiosk page is."""
        return f"http://127.0.0.1:{self.kiosk_port}"

    @property
    def bots(self) -> int:
        """How many bots there are to be."""
        if self.manners is None:
            return 0
        return len(self.cast.bot_kiosks) + len(self.cast.bot_seats)


class Stage:
    """A running demo."""

    def __init__(
        self, script: Script, settings: Settings, prepared: Prepared, programs: Programs, hear: Hear
    ) -> None:
        """Use `open_stage`."""
        self.script = script
        self.settings = settings
        self.accounts = prepared.accounts
        self.programs = programs
        self.server: Program | None = None
        self._codes = prepared.codes
        self._hear = hear
        self._ready: set[str] = set()
        self._listening: list[asyncio.Task[None]] = []

    @property
    def supervisor(self) -> Account:
        """Who may see the wall."""
        login = self.script.cast.supervisor.login
        return Account(login=login, password=self.accounts[login])

    async def start_server(self) -> None:
        """Start the server and wait until it serves."""
        argv = [sys.executable, "-m", "xiaowu", "serve"]
        argv += ["--settings", str(self.script.folder.settings_file)]
        self.server = await self.programs.start("server", argv)
        await self._answers(self.server, f"{self.script.server_url}/readyz")

    async def kill_server(self) -> None:
        """End the server as a power cut would."""
        assert self.server is not None, "it was started"
        self.programs.forget(self.server)
        self.server.kill()
        await self.server.process.wait()

    async def start_kiosk(self) -> None:
        """Enrol the person's kiosk if need be, start it, and wait for its page."""
        script = self.script
        assert script.cast.person_kiosk is not None, "there is a kiosk for the person"
        code = self._codes.get(script.cast.person_kiosk.id)
        data_dir = script.folder.kiosk_dir
        if code is not None:
            settings = load_kiosk_settings(
                server_url=script.server_url, data_dir=data_dir, port=script.kiosk_port
            )
            await enrol_kiosk(settings, code)
        await asyncio.to_thread(lay_out_sample_card, script.folder.card_dir)
        write_kiosk_settings(script.folder)
        argv = [sys.executable, "-m", "xiaowu", "kiosk", "--server", script.server_url]
        argv += ["--settings", str(script.folder.kiosk_settings_file)]
        argv += ["--data-dir", str(data_dir), "--port", str(script.kiosk_port)]
        kiosk = await self.programs.start("kiosk", argv)
        await self._answers(kiosk, f"{script.kiosk_url}/")

    async def start_bots(self, progress: Callable[[int], None]) -> None:
        """Start the bots, kiosks and seats in a process each, and wait until all are in place."""
        script = self.script
        assert script.manners is not None, "there are to be bots"
        plan = script.cast.bot_plan(
            server_url=script.server_url,
            seed=script.seed,
            manners=script.manners,
            accounts=self.accounts,
            first_port=script.kiosk_port,
            codes=self._codes,
            folder=script.folder,
        )
        seats = plan.model_copy(update={"kiosks": ()})
        kiosks = plan.model_copy(update={"seats": ()})
        started = [
            await self._start_bots_of("seat-bots", seats),
            await self._start_bots_of("kiosk-bots", kiosks),
        ]
        try:
            async with asyncio.timeout(BOTS_READY_WITHIN_S):
                while len(self._ready) < script.bots:
                    progress(len(self._ready))
                    for program in started:
                        if program.process.returncode is not None:
                            raise ended_by_itself(program)
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise ProgramFailed(
                f"Only {len(self._ready)} of {script.bots} bots are in their places.\n"
                f"Their logs: {script.folder.log_dir}"
            ) from None
        progress(len(self._ready))
        for program in started:
            await program.say("open")

    async def _start_bots_of(self, name: str, plan: BotPlan) -> Program:
        argv = [sys.executable, "-m", "xiaowu.demo.bots"]
        program = await self.programs.start(name, argv, says=plan.model_dump_json(), talks=True)
        self._listening.append(asyncio.create_task(self._listen(program), name=name))
        return program

    async def _listen(self, program: Program) -> None:
        async for line in program.lines():
            try:
                report = bot_report.validate_json(line)
            except ValidationError:
                log.warning("%s said something else than a report", program.name)
                continue
            if isinstance(report, BotReady):
                self._ready.add(report.bot)
            self._hear(report)

    async def _answers(self, program: Program, url: str) -> None:
        try:
            async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as http:
                while not await _is_ok(http, url):
                    if program.process.returncode is not None:
                        raise ended_by_itself(program)
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise ProgramFailed(
                f"{program.name} does not answer at {url}.\n{program.last_words()}\n"
                f"Its log: {program.log_file}"
            ) from None

    async def close(self) -> None:
        """Hear no more."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)


@asynccontextmanager
async def open_stage(script: Script, *, hear: Hear, step: Step) -> AsyncIterator[Stage]:
    """Prepare the folder; the programs started in the block are ended with it.

    `hear` gets what the bots report, `step` the name of each step of the preparation.
    """
    cast, folder = script.cast, script.folder
    settings = write_settings(folder, port=script.server_port, queue=script.queue)
    places = []
    if cast.person_kiosk is not None:
        places.append(
            KioskPlace(
                kiosk_id=cast.person_kiosk.id,
                data_dir=folder.kiosk_dir,
                page_origin=script.kiosk_url,
            )
        )
    if script.manners is not None:
        first = 1 + len(places)
        places += [
            KioskPlace(
                kiosk_id=kiosk.id,
                data_dir=folder.bot_dir(kiosk.id),
                page_origin=f"http://127.0.0.1:{script.kiosk_port + number}",
            )
            for number, kiosk in enumerate(cast.bot_kiosks, first)
        ]
    prepared = await prepare(
        folder,
        settings,
        script.district,
        logins=cast.logins,
        kiosks=places,
        server_url=script.server_url,
        step=step,
    )
    async with Programs(folder.log_dir) as programs:
        stage = Stage(script, settings, prepared, programs, hear)
        try:
            yield stage
        finally:
            await stage.close()


async def _is_ok(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as response:
            return response.ok
    except (aiohttp.ClientError, OSError):
        return False
