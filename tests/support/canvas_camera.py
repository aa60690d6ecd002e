"""A camera for a page in Chromium that shows somebody who follows cues, or does not.

What Chromium plays from a file cannot wait for a cue. So the page's camera is a canvas on which the
frames of a recording are drawn, act by act, as the page asks for them: `Follower`, for a browser.
"""

from __future__ import annotations

import json
from typing import Final

from playwright.async_api import Page

from tests.support.follower import FRAME_RATE, REACTION_S, SIZE, Acts, jpegs

SCRIPT: Final = """
(() => {
  const { frames, kinds, plays, rest, rate, reaction, sway, size, label } = __ACTS__
  const canvas = document.createElement('canvas')
  ;[canvas.width, canvas.height] = size
  const paint = canvas.getContext('2d')
  const pictures = []
  const load = Promise.all(frames.map(async (text, n) => {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
    pictures[n] = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }))
  }))
  let done = 0, since = 0, acting = false, cue = null
  const asked = []
  const number = (now) => {
    if (!acting && asked.length && now >= asked[0].when) {
      const { kind } = asked.shift()
      if (kinds[done] === kind) { acting = true; since = now }
    }
    const played = Math.floor((now - since) / 1000 * rate)
    if (acting) {
      const play = plays[done]
      if (played < play.length) return play[played]
      acting = false; done += 1; since = now
      return rest
    }
    const swayed = played % (2 * sway)
    return rest + Math.min(swayed, 2 * sway - swayed)
  }
  const look = () => {
    const shown = document.querySelector('[data-testid=face-step]')?.dataset.cue ?? null
    const when = performance.now() + reaction * 1000
    if (shown !== cue && shown !== null) asked.push({ kind: shown, when })
    cue = shown
  }
  const media = navigator.mediaDevices
  const real = media.getUserMedia.bind(media)
  media.getUserMedia = async (wish) => {
    const stream = await real(wish)
    if (!wish.video) return stream
    await load
    for (const track of stream.getVideoTracks()) { track.stop(); stream.removeTrack(track) }
    since = performance.now()
    const draw = () => { look(); paint.drawImage(pictures[number(performance.now())], 0, 0) }
    draw()
    setInterval(draw, 1000 / rate)
    const [track] = canvas.captureStream(rate).getVideoTracks()
    Object.defineProperty(track, 'label', { value: label })
    stream.addTrack(track)
    return stream
  }
})()
"""


async def show_acts(page: Page, acts: Acts, *, label: str = "") -> None:
    """Give `page` this camera from its next load on; `label` is what the browser calls it."""
    told = {
        "frames": jpegs(acts.frames),
        "kinds": [str(kind) for kind in acts.kinds],
        "plays": acts.plays,
        "rest": acts.rest,
        "rate": FRAME_RATE,
        "reaction": REACTION_S,
        "sway": acts.sway,
        "size": SIZE,
        "label": label,
    }
    await page.add_init_script(SCRIPT.replace("__ACTS__", json.dumps(told)))
