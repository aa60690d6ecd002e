"""The Python peer and a real Chromium: each sees and hears the other, whoever makes the offer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from signaling.client.call import CallMedia
from signaling.client.closing import closed_peers
from signaling.client.peer import Flow
from signaling.client.pictures import ArtificialPictures
from signaling.client.sinks import LastPicture
from signaling.client.sounds import PackedSound, Tone
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import Command, SendSignal
from signaling.protocol.events import Done, Signalled
from signaling.protocol.signals import Candidate, Description
from signaling.protocol.views import MediaLink
from signaling.protocol.words import Party
from tests.support.browser import open_chromium
from tests.support.media_pair import until

pytestmark = pytest.mark.e2e

TONE_HZ = 500

PAGE = """<!doctype html><title>peer</title><video id="v" autoplay muted playsinline></video><script>
const pc = new RTCPeerConnection({ iceServers: [] })
let pending = []
pc.onicecandidate = ({ candidate }) => relay({
  candidate: candidate ? candidate.candidate : '',
  sdp_mid: candidate?.sdpMid ?? '0', sdp_m_line_index: candidate?.sdpMLineIndex ?? 0 })
pc.ontrack = ({ track, streams }) => {
  const stream = v.srcObject ?? new MediaStream()
  stream.addTrack(track)
  v.srcObject = stream
  if (track.kind === 'audio') listen(stream)
}
let analyser = null
function listen(stream) {
  const context = new AudioContext()
  analyser = context.createAnalyser()
  analyser.fftSize = 8192
  context.createMediaStreamSource(stream).connect(analyser)
}
window.loudestHz = () => {
  if (!analyser) return 0
  const bins = new Float32Array(analyser.frequencyBinCount)
  analyser.getFloatFrequencyData(bins)
  const top = bins.indexOf(Math.max(...bins))
  return bins[top] < -60 ? 0 : top * analyser.context.sampleRate / analyser.fftSize
}
window.frames = 0
const count = () => { frames += 1; v.requestVideoFrameCallback(count) }
v.requestVideoFrameCallback(count)
window.begin = async (offers) => {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } })
  window.media = media
  if (!offers) return
  media.getTracks().forEach((track) => pc.addTrack(track, media))
  await pc.setLocalDescription()
  await relay({ type: pc.localDescription.type, sdp: pc.localDescription.sdp })
}
window.signal = async (message) => {
  if (message.type) {
    await pc.setRemoteDescription(message)
    for (const early of pending.splice(0)) await pc.addIceCandidate(early)
    if (message.type === 'offer') {
      media.getTracks().forEach((track) => pc.addTrack(track, media))
      await pc.setLocalDescription()
      await relay({ type: pc.localDescription.type, sdp: pc.localDescription.sdp })
    }
  } else {
    const candidate = { candidate: message.candidate, sdpMid: message.sdp_mid, sdpMLineIndex: message.sdp_m_line_index }
    if (pc.remoteDescription) await pc.addIceCandidate(candidate)
    else pending.push(candidate)
  }
}
</script>"""  # noqa: E501  # a page is read as a page


@asynccontextmanager
async def a_page() -> AsyncIterator[Page]:
    async def serve(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with async_playwright() as playwright, open_chromium(playwright) as browser:
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        yield page
    await runner.cleanup()


@pytest.mark.parametrize("party", list(Party))
async def test_chromium_and_python_see_and_hear_each_other(party: Party) -> None:
    picture = LastPicture()
    link = MediaLink(
        call_id="offer-1",
        media_epoch=1,
        you_are=party,
        attach=True,
        peer_present=True,
        peer_restarts_ice=True,
        ice_servers=(),
    )
    async with a_page() as page:

        async def to_page(message: Command | SendSignal) -> Done:
            if isinstance(message, SendSignal):
                signal = message.description or message.candidate
                assert signal is not None
                await page.evaluate("message => signal(message)", signal.model_dump(mode="json"))
            return Done()

        async def from_page(raw: dict[str, Any]) -> None:
            call.signalled(
                Signalled(
                    call_id="offer-1",
                    media_epoch=1,
                    description=Description(**raw) if "type" in raw else None,
                    candidate=None if "type" in raw else Candidate(**raw),
                )
            )

        call = CallMedia(
            send=to_page,
            media=LocalMedia(pictures=ArtificialPictures("K 3"), sound=PackedSound(Tone(TONE_HZ))),
            sink=picture,
        )
        await page.expose_function("relay", from_page)
        await page.evaluate("offers => begin(offers)", party is Party.RESIDENT)
        call.update(None)
        call.update(link)
        try:
            await until(lambda: call.flow is Flow.FLOWING and picture.count > 5, within_s=60)
            await page.wait_for_function("frames > 5", timeout=60_000)
            assert await page.evaluate("[v.videoWidth, v.videoHeight]") == [320, 240]
            await page.wait_for_function(f"Math.abs(loudestHz() - {TONE_HZ}) < 15", timeout=60_000)
            seen = picture.bgr()
            assert seen is not None
            assert seen.std() > 10  # Chromium's fake camera, not a black picture
            assert call.totals.rebuilds_asked == 0
        finally:
            await call.close()
            await closed_peers()
