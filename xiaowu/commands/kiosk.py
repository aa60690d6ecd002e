"""`xiaowu kiosk`: the kiosk of one booth, with a touch page or without a screen at all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from id_verify.alive.words import CueKind
from kiosk_client.app import enrol_kiosk, headless_visit, open_page_kiosk, run_until
from kiosk_client.browser import managed_policy
from kiosk_client.errors import KioskError
from kiosk_client.identity.unattended import IdentityPlan
from kiosk_client.logs import set_up_logs
from kiosk_client.settings import KioskSettings, load_settings
from kiosk_client.sources import Sources
from kiosk_client.visit import EXIT_CODE, Outcome, Visit, VisitPlan, VisitResult
from signaling.protocol.errors import Refusal, code_of
from signaling.protocol.views import KioskView
from signaling.protocol.words import KioskPhase, Language

app = typer.Typer(pretty_exceptions_enable=False)
words = Console(stderr=True, highlight=False)

CANNOT_START: Final = 2

TOLD: Final = {
    Outcome.SERVED: "served",
    Outcome.ABANDONED: "given up from this side",
    Outcome.NO_AGENT: "no window accepted in time; the ticket was given back",
    Outcome.REFUSED: "the server gave no ticket",
    Outcome.CLOSED: "the service closed before it was our turn",
    Outcome.LOST: "the place in the line or the call was lost",
    Outcome.INTERRUPTED: "stopped; the ticket stays open for a while, start again to go on with it",
    Outcome.UNREACHABLE: "the server was not reached",
}


ASKED: Final = {
    CueKind.TURN_LEFT: "turn your head to the left",
    CueKind.TURN_RIGHT: "turn your head to the right",
    CueKind.LOOK_UP: "look up",
    CueKind.BLINK2: "blink twice",
    CueKind.OPEN_MOUTH: "open your mouth",
}


@app.callback(invoke_without_command=True)
def kiosk(
    *,
    server: Annotated[str | None, typer.Option(help="Address of the hall's server.")] = None,
    enrol: Annotated[
        str | None, typer.Option(metavar="CODE", help="Enrol this machine with a one-time code.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the device key is kept.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the touch page on loopback.")] = None,
    browser: Annotated[
        bool, typer.Option("--browser", help="Open Chromium in kiosk mode and keep it open.")
    ] = False,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="A TOML file with settings.")
    ] = None,
    print_browser_policy: Annotated[
        bool,
        typer.Option(help="Print the managed policy for Chromium on this booth, and end."),
    ] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="No page: take one ticket and stay in its call.")
    ] = False,
    item: Annotated[str | None, typer.Option(metavar="CODE", help="The service item.")] = None,
    video: Annotated[Path | None, typer.Option(help="Show this video file, looped.")] = None,
    camera: Annotated[int | None, typer.Option(help="Show camera N (OpenCV's number).")] = None,
    audio: Annotated[Path | None, typer.Option(help="Play this sound file, looped.")] = None,
    card: Annotated[
        Path | None,
        typer.Option(help="Show this simulated card while waiting: card.json, or its folder."),
    ] = None,
    face: Annotated[
        bool,
        typer.Option("--face", help="With --card: have the face in the picture compared, too."),
    ] = False,
    language: Annotated[Language, typer.Option(help="The resident's language.")] = Language.ZH,
    rate: Annotated[
        int | None, typer.Option(min=1, max=5, help="Rate the service, 1 to 5.")
    ] = None,
    max_wait_s: Annotated[
        float | None, typer.Option(min=0.1, help="Give up after waiting this long for a window.")
    ] = None,
    hang_up_after_s: Annotated[
        float | None, typer.Option(min=0.0, help="End the call after this long with media.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Run the kiosk of this booth.

    With --enrol alone the machine is enrolled and the program ends. Exit codes of --headless:
    0 served, 3 given up, 4 refused, 5 no window in time, 6 lost, 7 closed, 8 server not reached,
    9 stopped; 2 when it cannot start.

    With --card the outcome has "identity": way, grade and the marks of card, face and presence,
    without name or number; "code" says what went wrong on the way.
    """
    set_up_logs()
    settings = _settings(settings_file, server_url=server, data_dir=data_dir, port=port)
    if print_browser_policy:
        typer.echo(json.dumps(managed_policy(settings), indent=2))
        return
    if headless and item is None:
        _cannot_start("--headless needs --item CODE", as_json=as_json)
    if video is not None and camera is not None:
        _cannot_start("give --video or --camera, not both", as_json=as_json)
    if card is not None and not headless:
        _cannot_start("--card goes with --headless; a page has its own reader", as_json=as_json)
    if face and (card is None or (video is None and camera is None)):
        _cannot_start("--face needs --card, and --video or --camera", as_json=as_json)
    identity = None if card is None else IdentityPlan(card=card, face=face, on_cue=_say_cue)
    if identity is not None and not identity.card_file.is_file():
        _cannot_start(f"there is no card {identity.card_file}", as_json=as_json)
    try:
        if enrol is not None:
            device = asyncio.run(enrol_kiosk(settings, enrol))
            words.print(f"Enrolled as kiosk {device.kiosk_id}.")
            if not headless and not browser:
                if as_json:
                    typer.echo(json.dumps({"enrolled": device.kiosk_id}))
                return
        if headless:
            assert item is not None
            plan = VisitPlan(
                item_code=item,
                language=language,
                rate=rate,
                max_wait_s=max_wait_s,
                hang_up_after_s=hang_up_after_s,
            )
            sources = Sources(video=video, camera=camera, audio=audio, label=_label(settings))
            result = asyncio.run(_headless(settings, plan, sources, identity, quiet=as_json))
            _tell(result, as_json=as_json)
            raise typer.Exit(EXIT_CODE[result.outcome])
        asyncio.run(_with_page(settings, browser=browser))
    except KioskError as failure:
        _cannot_start(str(failure), as_json=as_json)
    except Refusal as refusal:
        code = code_of(refusal)
        _cannot_start(f"the server refused: {code}. {refusal.detail}", code=code, as_json=as_json)


async def _with_page(settings: KioskSettings, *, browser: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopped.set)
    async with open_page_kiosk(settings, with_browser=browser) as kiosk:
        words.print(f"Kiosk {kiosk.kiosk_id}: the touch page is on {kiosk.page_origin}/")
        await run_until(stopped, kiosk)


async def _headless(
    settings: KioskSettings,
    plan: VisitPlan,
    sources: Sources,
    identity: IdentityPlan | None,
    *,
    quiet: bool,
) -> VisitResult:
    loop = asyncio.get_running_loop()
    shown: KioskPhase | None = None

    def show(view: KioskView) -> None:
        nonlocal shown
        if not quiet and view.phase is not shown:
            shown = view.phase
            words.print(_sentence(view))

    def listen(visit: Visit) -> None:
        loop.add_signal_handler(signal.SIGINT, visit.leave)
        loop.add_signal_handler(signal.SIGTERM, visit.interrupt)

    return await headless_visit(
        settings, plan, sources, on_phase=show, on_visit=listen, identity=identity
    )


def _say_cue(kind: CueKind) -> None:
    words.print(f"The witness asks: {ASKED[kind]}.")


def _sentence(view: KioskView) -> str:
    number = view.ticket.number if view.ticket is not None else ""
    match view.phase:
        case KioskPhase.WAITING:
            ahead = view.ticket.ahead if view.ticket is not None else 0
            return f"Ticket {number}: {ahead} before us."
        case KioskPhase.PARKED:
            return f"Ticket {number}: parked, the place is kept."
        case KioskPhase.RINGING:
            return f"Ticket {number}: {view.seat_name} is being called."
        case KioskPhase.IN_CALL:
            return f"Ticket {number}: in a call with {view.seat_name}."
        case KioskPhase.RATING:
            return "The call has ended."
        case _:
            return f"{view.kiosk_name} is free."


def _tell(result: VisitResult, *, as_json: bool) -> None:
    if as_json:
        typer.echo(result.model_dump_json())
        return
    why = f" ({result.code})" if result.code else ""
    words.print(f"Outcome: {TOLD[result.outcome]}{why}.")
    if result.waited_s is not None:
        words.print(
            f"Waited {result.waited_s:.1f} s; received {result.video_frames_received} pictures and "
            f"{result.audio_frames_received} pieces of sound."
        )
    shown = result.identity
    if shown is not None:
        graded = "no verdict" if shown.grade is None else f"graded {shown.grade}"
        why = f" ({shown.code})" if shown.code else ""
        words.print(f"Identity, {shown.way}: {graded}{why}; card {shown.card or 'not read'}.")


def _settings(file: Path | None, **given: object) -> KioskSettings:
    named = file or (Path(path) if (path := os.environ.get("KIOSK_SETTINGS")) else None)
    try:
        return load_settings(named, **given)
    except (FileNotFoundError, tomllib.TOMLDecodeError) as unreadable:
        _cannot_start(f"the settings cannot be read: {unreadable}")
    except ValidationError as invalid:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in invalid.errors()
        )
        _cannot_start(f"the settings are wrong: {wrong}")


def _label(settings: KioskSettings) -> str:
    return f"KIOSK {settings.port}" if settings.port else "KIOSK"


def _cannot_start(why: str, *, code: str | None = None, as_json: bool = False) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"outcome": "cannot_start", "code": code, "detail": why}))
    words.print(why)
    sys.exit(CANNOT_START)
