"""Eyes and ears for a page: what a person in front of it would see and hear."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from playwright.async_api import Page

from tests.support.faces import Picture

_REMOTE: Final = """
const remote = () => [...document.querySelectorAll('video')].find(
  (video) => video.srcObject && !video.muted && video.videoWidth > 0 &&
    video.srcObject.getVideoTracks().length > 0 && getComputedStyle(video).visibility !== 'hidden')
"""
"""The element that shows the other side: the only one with a picture whose sound is on."""

_LOOK: Final = (
    "async () => {"
    + _REMOTE
    + """
  const video = remote()
  if (!video) return null
  const canvas = Object.assign(document.createElement('canvas'),
    { width: video.videoWidth, height: video.videoHeight })
  canvas.getContext('2d').drawImage(video, 0, 0)
  return canvas.toDataURL('image/png').split(',')[1]
}"""
)

_LISTEN: Final = (
    "async (seconds) => {"
    + _REMOTE
    + """
  const video = remote()
  if (!video) return null
  const context = new AudioContext()
  await context.resume()
  const analyser = context.createAnalyser()
  analyser.fftSize = 8192
  analyser.smoothingTimeConstant = 0
  const source = context.createMediaStreamSource(video.srcObject)
  source.connect(analyser)
  const loudest = new Float32Array(analyser.frequencyBinCount).fill(-200)
  const now = new Float32Array(analyser.frequencyBinCount)
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 60))
    analyser.getFloatFrequencyData(now)
    for (let bin = 0; bin < now.length; bin++) loudest[bin] = Math.max(loudest[bin], now[bin])
  }
  const step = context.sampleRate / analyser.fftSize
  source.disconnect()
  await context.close()
  let peak = 4
  for (let bin = 4; bin < loudest.length; bin++) if (loudest[bin] > loudest[peak]) peak = bin
  const middle = [...loudest].sort((one, other) => one - other)[loudest.length >> 1]
  return { hz: peak * step, level_db: loudest[peak], above_db: loudest[peak] - middle }
}"""
)

_PROGRESS: Final = (
    "() => {"
    + _REMOTE
    + """
  const video = remote()
  return video ? video.getVideoPlaybackQuality().totalVideoFrames : -1
}"""
)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The loudest frequency of a while of listening."""

    hz: float
    level_db: float
    above_db: float
    """How far it stands out over everything else."""


async def look(page: Page) -> Picture | None:
    """The other side's picture as the page shows it now, BGR; None when it shows none."""
    encoded: str | None = await page.evaluate(_LOOK)
    if encoded is None:
        return None
    raw = np.frombuffer(base64.b64decode(encoded), dtype=np.uint8)
    picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, dtype=np.uint8)


async def listen(page: Page, *, seconds: float = 1.5) -> Heard | None:
    """Listen to the other side's sound as the page plays it."""
    heard: dict[str, Any] | None = await page.evaluate(_LISTEN, seconds)
    return None if heard is None else Heard(**heard)


async def frames_shown(page: Page) -> int:
    """How many pictures of the other side the element has shown; -1 when there is none."""
    shown: int = await page.evaluate(_PROGRESS)
    return shown
