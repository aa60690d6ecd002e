"""From "the agent accepts" to the first decoded picture on both sides, against two baselines.

    python benchmarks/call_setup.py                 3 passes of 7 rounds, JSON lines and a summary
    python benchmarks/call_setup.py --write-table   and the table in benchmarks/README.md

Measured are the project's own pages, served by `xiaowu serve` and `xiaowu kiosk`, in one Chromium
with two contexts. The baselines run in the same passes, interleaved, each as it stands: a bare pair
of RTCPeerConnections in one page, and two contexts joined by the thinnest relay. They are a script
outside this repository (`--baseline`); without it only our own times are taken.

A signaling delay is made by a TCP proxy before the server. `--rtt-ms` is the round trip from agent
to kiosk and back, as in the baseline: a quarter of it on each of the four ways to and from the
server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "queue")]

from benchmarks.table import replace_table  # noqa: E402  # the paths above come first
from tests.support.browser import chromium_program, open_chromium  # noqa: E402
from tests.support.fault_proxy import TcpFaultProxy  # noqa: E402
from tests.support.floor import AGENT, KIOSK, SEAT  # noqa: E402
from tests.support.pages import DeskPage, KioskPage  # noqa: E402
from tests.support.program import free_port  # noqa: E402
from tests.support.running_hall import RunningHall, open_running_hall  # noqa: E402

BASELINE: Final = HERE.parent.parent / "shared" / "bench" / "chromium.py"
DELAYED_KIOSK: Final = "qinghe-2"
SETTLE_MS: Final = 300
"""From the transport's readiness to the accept, as in the baseline with its transport built."""

# The camera is asked for exactly this, as in the baseline; and the size of the first picture that
# was shown is noted.
HARNESS: Final = """({ width, height, frameRate }) => {
  const devices = navigator.mediaDevices
  const open = devices.getUserMedia.bind(devices)
  devices.getUserMedia = (wish) =>
    open({ ...wish, video: wish.video && { width, height, frameRate } })
  const prototype = HTMLVideoElement.prototype
  const ask = prototype.requestVideoFrameCallback
  prototype.requestVideoFrameCallback = function (callback) {
    return ask.call(this, (now, metadata) => {
      window.__firstWidth = metadata.width
      callback(now, metadata)
    })
  }
}"""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One thing to measure."""

    width: int
    height: int
    fps: int
    rtt_ms: int = 0

    @property
    def size(self) -> str:
        """As the baseline wants it."""
        return f"{self.width}x{self.height}"

    @property
    def name(self) -> str:
        """For the tables."""
        return f"{self.size}@{self.fps}" + (f", RTT {self.rtt_ms} ms" if self.rtt_ms else "")


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the pages are, with or without a delay before the server."""

    hall: RunningHall
    server_url: str
    kiosk_url: str


@asynccontextmanager
async def open_sites(folder: Path) -> AsyncIterator[tuple[Site, Site, TcpFaultProxy]]:
    """A hall, reached directly and through a proxy."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(TcpFaultProxy(free_port()))
        proxied = f"http://127.0.0.1:{proxy.port}"
        hall = await stack.enter_async_context(
            open_running_hall(
                folder,
                kiosks=(KIOSK, DELAYED_KIOSK),
                environment={"XIAOWU_ORIGINS": f'["{proxied}"]', "XIAOWU_LOG__LEVEL": "warning"},
                port=proxy.target_port,
            )
        )
        direct = await hall.enrol(KIOSK)
        delayed = await hall.enrol(DELAYED_KIOSK, server_url=proxied)
        await direct.start()
        await delayed.start()
        yield (
            Site(hall=hall, server_url=hall.url, kiosk_url=direct.origin),
            Site(hall=hall, server_url=proxied, kiosk_url=delayed.origin),
            proxy,
        )


async def measure_ours(
    browser: Browser, site: Site, setting: Setting, rounds: int
) -> list[dict[str, float]]:
    """Make `rounds` calls after one to warm up; returns the times of each, in ms."""
    camera = {"width": setting.width, "height": setting.height, "frameRate": setting.fps}
    async with AsyncExitStack() as stack:
        pages: list[Page] = []
        for _ in range(2):
            context = await browser.new_context(locale="zh-CN")
            stack.push_async_callback(context.close)
            await context.add_init_script(f"({HARNESS})({json.dumps(camera)})")
            pages.append(await context.new_page())
        kiosk, desk = KioskPage(pages[0]), DeskPage(pages[1])
        await desk.sign_in(site.server_url, AGENT, site.hall.passwords[AGENT])
        await desk.sit(SEAT)
        await desk.open_seat()
        await kiosk.open(site.kiosk_url)
        times = [await _one_call(kiosk, desk) for _ in range(rounds + 1)]
        # The seat must be free for whoever measures next.
        await desk.tap("account")
        await desk.tap("account-leave")
        await desk.sees("seat-chooser")
    return times[1:]


async def _one_call(kiosk: KioskPage, desk: DeskPage) -> dict[str, float]:
    await kiosk.choose("pension", "sb001")
    await desk.rings()
    for screen in (kiosk, desk):
        await screen.page.wait_for_function("() => window.__marks?.conn")
    await desk.page.wait_for_timeout(max(SETTLE_MS, 450))
    await desk.press("F2")
    for screen in (kiosk, desk):
        await screen.page.wait_for_function("() => window.__marks?.first")
    resident, agent = [
        await screen.page.evaluate("({ ...window.__marks, width: window.__firstWidth })")
        for screen in (kiosk, desk)
    ]
    click = agent["click"]
    await desk.end()
    await kiosk.is_on("rating")
    await kiosk.tap("skip-rating")
    await kiosk.is_on("farewell")
    await kiosk.tap("home")
    await desk.finish()
    return {
        "kiosk_told": resident["accept_rx"] - click,
        "agent_told": agent["accept_rx"] - click,
        "first_kiosk": resident["first"] - click,
        "first_agent": agent["first"] - click,
        "both": max(resident["first"], agent["first"]) - click,
        "width": min(resident["width"], agent["width"]),
    }


async def measure_baseline(
    script: Path, mode: str, setting: Setting, rounds: int
) -> dict[str, Any]:
    """Run the baseline as it stands."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), "--mode", mode, "--size", setting.size),
        *("--fps", str(setting.fps), "--rounds", str(rounds), "--rtt-ms", str(setting.rtt_ms)),
        *("--chromium", str(chromium_program())),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the baseline failed: {script} --mode {mode}")
    result: dict[str, Any] = json.loads(out)
    return result


def say(**line: Any) -> None:
    """Print one JSON line."""
    print(json.dumps({"bench": "call_setup", **line}), flush=True)


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure everything, interleaved; returns the summary."""
    settings = [
        *(Setting(width=width, height=height, fps=options.fps) for width, height in options.sizes),
        Setting(width=640, height=480, fps=options.fps, rtt_ms=options.rtt_ms),
    ]
    has_baseline = options.baseline.is_file()
    if not has_baseline:
        print(f"no baseline at {options.baseline}: only our own times are taken", file=sys.stderr)
    found: dict[tuple[str, Setting], list[float]] = {}
    widths: dict[Setting, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with open_sites(Path(folder)) as (direct, delayed, proxy), async_playwright() as pw:
            for number in range(1, options.passes + 1):
                for setting in settings:
                    proxy.faults.delay_s = setting.rtt_ms / 4 / 1000
                    site = delayed if setting.rtt_ms else direct
                    async with open_chromium(pw) as browser:
                        times = await measure_ours(browser, site, setting, options.rounds)
                    both = [time["both"] for time in times]
                    found.setdefault(("ours", setting), []).extend(both)
                    widths.setdefault(setting, []).extend(time["width"] for time in times)
                    say(
                        who="ours",
                        number=number,
                        setting=setting.name,
                        median_ms={key: _med(time[key] for time in times) for key in times[0]},
                        range_ms=[round(min(both), 1), round(max(both), 1)],
                        loadavg=os.getloadavg()[0],
                    )
                    if not has_baseline:
                        continue
                    for mode, last in (("relay", "both"), ("pair", "first")):
                        if mode == "pair" and setting.rtt_ms:
                            continue
                        other = await measure_baseline(
                            options.baseline, mode, setting, options.rounds
                        )
                        found.setdefault((mode, setting), []).append(other["median_ms"][last])
                        say(who=mode, number=number, setting=setting.name, **_told(other))
    return [_summary(setting, found, widths) for setting in settings] + _slopes(settings, found)


def _told(other: dict[str, Any]) -> dict[str, Any]:
    return {key: other[key] for key in ("median_ms", "range_ms", "loadavg")}


def _med(values: Iterable[float]) -> float:
    return round(median(list(values)), 1)


def _summary(
    setting: Setting,
    found: dict[tuple[str, Setting], list[float]],
    widths: dict[Setting, list[float]],
) -> dict[str, Any]:
    ours = _med(found["ours", setting])
    line: dict[str, Any] = {
        "setting": setting.name,
        "ours_ms": ours,
        "first_width": _med(widths[setting]),
    }
    for mode in ("relay", "pair"):
        if (mode, setting) in found:
            other = _med(found[mode, setting])
            line |= {f"{mode}_ms": other, f"ratio_{mode}": round(ours / other, 2)}
    return line


def _slopes(
    settings: list[Setting], found: dict[tuple[str, Setting], list[float]]
) -> list[dict[str, Any]]:
    """How many signaling round trips lie between accept and picture."""
    *_, slow = settings
    fast = Setting(width=slow.width, height=slow.height, fps=slow.fps)
    line: dict[str, Any] = {"setting": f"round trips, {slow.size}@{slow.fps}"}
    for who in ("ours", "relay"):
        if (who, slow) in found and (who, fast) in found:
            gained = median(found[who, slow]) - median(found[who, fast])
            line[f"{who}_rtt"] = round(gained / slow.rtt_ms, 2)
    return [line] if len(line) > 1 else []


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def main() -> None:
    """Measure, print, and write the table when asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--rtt-ms", type=int, default=200)
    parser.add_argument("--sizes", type=_size, nargs="*", default=[(640, 480), (1280, 720)])
    parser.add_argument("--baseline", type=Path, default=BASELINE)
    parser.add_argument("--write-table", action="store_true")
    options = parser.parse_args()
    summary = asyncio.run(run(options))
    for line in summary:
        say(summary=line)
    if options.write_table:
        replace_table(HERE / "README.md", "call_setup", summary)


if __name__ == "__main__":
    main()
