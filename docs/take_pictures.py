"""Takes the pictures of the README anew from a running demo: `make pictures`.

The people in front of the cameras are drawn, so that no face is in the repository.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from playwright.async_api import Browser, Page, async_playwright

from kiosk_client.browser import find_browser

DOCS: Final = Path(__file__).resolve().parent
SERVER_PORT: Final = 18490
KIOSK_PORT: Final = 18491
BUSY_WITHIN_MS: Final = 90_000
WIDTH, HEIGHT, RATE = 1280, 720, 15

FLAGS: Final = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)


def write_figure(file: Path, ground: tuple[int, int, int], coat: tuple[int, int, int]) -> None:
    """Draw somebody who nods a little, as Chromium's fake camera wants it."""
    with file.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for index in range(RATE * 3):
            nod = int(8 * np.sin(index / RATE * 2 * np.pi / 3))
            picture = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
            middle = WIDTH // 2
            cv2.ellipse(
                picture, (middle, HEIGHT + 60), (330, 330), 0, 180, 360, coat, -1, cv2.LINE_AA
            )
            cv2.circle(picture, (middle, 285 + nod), 135, (176, 205, 235), -1, cv2.LINE_AA)
            cv2.ellipse(
                picture, (middle, 245 + nod), (145, 120), 0, 180, 360, (52, 48, 46), -1, cv2.LINE_AA
            )
            for side in (-48, 48):
                cv2.circle(picture, (middle + side, 290 + nod), 9, (52, 48, 46), -1, cv2.LINE_AA)
            cv2.ellipse(
                picture, (middle, 335 + nod), (40, 22), 0, 10, 170, (80, 90, 170), 5, cv2.LINE_AA
            )
            out.write(b"FRAME\n")
            out.write(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).tobytes())


async def open_page(browser: Browser, url: str, width: int, height: int) -> Page:
    """A page of its own, as large as a screen."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, permissions=["camera", "microphone"]
    )
    page = await context.new_page()
    await page.goto(url)
    return page


async def sign_in(page: Page, login: str, password: str) -> None:
    """Fill the sign-in form of the desk or the wall."""
    await page.get_by_test_id("sign-in-login").fill(login)
    await page.get_by_test_id("sign-in-password").fill(password)
    await page.get_by_test_id("sign-in-submit").click()


async def touch(page: Page, selector: str) -> None:
    """Touch the middle of what is there; it may vanish under the finger."""
    box = await page.locator(selector).first.bounding_box(timeout=BUSY_WITHIN_MS)
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.wait_for_timeout(700)


async def take(page: Page, name: str) -> None:
    """Save what a page shows."""
    await page.wait_for_timeout(1_500)  # fonts and the last transition
    await page.screenshot(path=DOCS / f"{name}.png")


async def pictures(accounts: dict[str, str], folder: Path) -> None:
    """Drive a call between the person's kiosk and desk, and take the pictures on the way."""
    write_figure(folder / "resident.y4m", (196, 214, 222), (84, 110, 66))
    write_figure(folder / "agent.y4m", (214, 196, 180), (110, 62, 34))
    path = find_browser(None)
    async with async_playwright() as playwright:

        async def launch(camera: str) -> Browser:
            fed = f"--use-file-for-fake-video-capture={folder / camera}"
            return await playwright.chromium.launch(executable_path=path, args=[*FLAGS, fed])

        booth, hall = await launch("resident.y4m"), await launch("agent.y4m")
        agent = next(login for login in accounts if login.endswith("01"))
        desk = await open_page(hall, f"http://127.0.0.1:{SERVER_PORT}/desk", 1920, 1080)
        await sign_in(desk, agent, accounts[agent])
        await desk.get_by_test_id("seat-card").first.click()
        await desk.get_by_test_id("go-available").click()
        kiosk = await open_page(booth, f"http://127.0.0.1:{KIOSK_PORT}/", 1080, 1920)
        await kiosk.get_by_test_id("help").wait_for()
        await take(kiosk, "kiosk")
        await touch(kiosk, ".tile[data-item-code]")
        await touch(kiosk, "[data-testid=take]")
        await desk.get_by_test_id("accept").click(timeout=BUSY_WITHIN_MS)
        await kiosk.locator("[data-testid=call-screen][data-media=flowing]").wait_for()
        await desk.wait_for_timeout(8_000)  # the picture reaches its full size
        await take(desk, "desk")
        await take(kiosk, "call")
        wall = await open_page(hall, f"http://127.0.0.1:{SERVER_PORT}/wall", 3840, 2160)
        supervisor = next(login for login in accounts if "super" in login)
        await sign_in(wall, supervisor, accounts[supervisor])
        await wall.get_by_test_id("wall-ticket").first.wait_for(timeout=BUSY_WITHIN_MS)
        await take(wall, "wall")
        await booth.close()
        await hall.close()


def main() -> None:
    """Start a demo of its own, take the pictures, end it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        argv = [sys.executable, "-m", "xiaowu", "demo", "--data-dir", str(folder / "demo")]
        argv += ["--port", str(SERVER_PORT), "--kiosk-port", str(KIOSK_PORT)]
        demo = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            _until_ready(demo)
            accounts = json.loads((folder / "demo" / "accounts.json").read_text("utf-8"))
            asyncio.run(pictures(accounts, folder))
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.communicate(timeout=30)


def _until_ready(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None
    for line in demo.stdout:
        if "Ctrl-C" in line:
            return
    sys.exit("the demo ended before it was ready")


if __name__ == "__main__":
    main()
