"""Pictures, sounds, tracks and sinks, without a network."""

from __future__ import annotations

import asyncio
import fractions
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from signaling.client.pictures import ArtificialPictures, FilePictures, to_i420
from signaling.client.sinks import LastPicture, ToneDetector
from signaling.client.sounds import (
    RATE,
    LoopedSound,
    PackedSound,
    Silence,
    Tone,
    sound_of_file,
)
from signaling.client.tracks import LocalMedia, PackedSoundTrack, PictureTrack, SoundTrack
from tests.support.media_pair import until

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of red pictures, 25 a second, with a 500 Hz tone."""
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 322, 242, "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="mono")
        red = np.zeros((242, 322, 3), np.uint8)
        red[:, :, 0] = 255
        for number in range(13):
            frame = VideoFrame.from_ndarray(red, format="rgb24")
            frame.pts, frame.time_base = number, fractions.Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        tone = Tone(500.0, loudness=0.5)
        for at in range(0, RATE // 2, 1024):
            sound = AudioFrame.from_ndarray(
                tone.samples(at, 1024).reshape(1, -1), format="s16", layout="mono"
            )
            sound.sample_rate, sound.pts = RATE, at
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path


def heard(samples: np.ndarray, frequency_hz: float) -> float:
    ear = ToneDetector(frequency_hz)
    for at in range(0, len(samples) - 960, 960):
        frame = AudioFrame.from_ndarray(
            samples[at : at + 960].reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = RATE
        ear.take(frame)
    return ear.share


def test_an_artificial_picture_shows_that_it_lives() -> None:
    moments = iter([datetime(2026, 5, 1, 9, 0, 0), datetime(2026, 5, 1, 9, 0, 1)])
    source = ArtificialPictures("K 3", now=lambda: next(moments))
    first, second = source.picture(), source.picture()
    assert first.shape == (360, 320)
    assert (first != second).any()


def test_the_label_is_in_the_picture() -> None:
    still = datetime(2026, 5, 1)
    one = ArtificialPictures("K 1", now=lambda: still).picture()
    two = ArtificialPictures("K 2", now=lambda: still).picture()
    assert (one[:120] != two[:120]).any()


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1280, 720), (640, 360)), ((333, 251), (332, 250)), ((720, 1280), (640, 1136))],
)
def test_large_and_odd_pictures_are_made_to_fit(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    width, height = expected
    assert to_i420(np.zeros((size[1], size[0], 3), np.uint8)).shape == (height * 3 // 2, width)


async def test_a_video_file_is_played_over_and_over(clip: Path) -> None:
    source = FilePictures(clip).start()
    try:
        assert source.frame_rate == 25
        track = PictureTrack(source)
        frames = [await track.recv() for _ in range(20)]  # longer than the file
        red = frames[-1].to_ndarray(format="rgb24").mean(axis=(0, 1))
        assert red[0] > 200
        assert red[1] < 60
        moments = [frame.pts for frame in frames if frame.pts is not None]
        assert moments == sorted(set(moments))
    finally:
        source.close()


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\x00" * 4096])
def test_a_file_without_video_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot be read|no pictures"):
        FilePictures(path)
    with pytest.raises(ValueError, match=r"cannot be read|no pictures"):
        FilePictures(tmp_path / "missing.mp4")


async def test_the_sound_of_a_file_is_found(clip: Path) -> None:
    sound = await sound_of_file(clip)
    assert heard(sound.samples(0, RATE), 500.0) > 0.8


async def test_a_file_without_sound_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot be read"):
        await sound_of_file(path)


def test_a_tone_is_that_tone_and_no_other() -> None:
    samples = Tone(440.0).samples(12_345, RATE)
    assert heard(samples, 440.0) > 0.99
    assert heard(samples, 660.0) < 0.01


def test_silence_is_no_tone() -> None:
    assert heard(Silence().samples(0, RATE), 440.0) == 0.0


def test_noise_is_no_tone() -> None:
    noise = np.random.default_rng(5).integers(-9000, 9000, RATE).astype(np.int16)
    assert heard(noise, 440.0) < 0.05


def test_a_tone_has_no_seam_between_pieces() -> None:
    tone = Tone(441.0)
    whole = tone.samples(0, 4800)
    parts = np.concatenate([tone.samples(at, 960) for at in range(0, 4800, 960)])
    assert (whole == parts).all()


def test_a_loop_has_no_gap() -> None:
    loop = LoopedSound(np.arange(1000, dtype=np.int16))
    assert loop.samples(990, 20).tolist() == [*range(990, 1000), *range(10)]
    with pytest.raises(ValueError, match="no sound"):
        LoopedSound(np.zeros(0, np.int16))


def test_a_packed_tone_decodes_to_that_tone() -> None:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.format, decoder.sample_rate = av.AudioFormat("s16"), RATE
    ear = ToneDetector(440.0)
    for number, packet in enumerate(PackedSound(Tone(440.0)).packets):
        raw = av.Packet(packet)
        raw.pts = number * 2880
        for frame in decoder.decode(raw):
            ear.take(frame)
    assert ear.share > 0.9


async def test_tracks_keep_their_own_pace_and_end_when_stopped() -> None:
    for track in (SoundTrack(Tone(440)), PackedSoundTrack(PackedSound(Silence()))):
        first, second = await track.recv(), await track.recv()
        assert first.pts == 0
        assert second.pts in (960, 2880)
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()


async def test_a_camera_without_a_picture_is_waited_for() -> None:
    class Late:
        frame_rate = 100.0
        shown = False

        def picture(self) -> np.ndarray | None:
            return to_i420(np.zeros((48, 64, 3), np.uint8)) if self.shown else None

        def close(self) -> None: ...

    camera = Late()
    receiving = asyncio.create_task(PictureTrack(camera).recv())
    await asyncio.sleep(0)
    assert not receiving.done()
    camera.shown = True
    assert (await receiving).width == 64


def test_fresh_tracks_for_every_peer_connection() -> None:
    media = LocalMedia(pictures=ArtificialPictures("x"), sound=Silence())
    first, second = media.tracks(), media.tracks()
    assert [track.kind for track in first] == ["audio", "video"]
    assert not set(first) & set(second)
    assert LocalMedia(pictures=None, sound=None).tracks() == []


async def test_the_newest_picture_is_kept() -> None:
    kept = LastPicture()
    assert kept.bgr() is None
    waiting = asyncio.create_task(kept.next())
    await asyncio.sleep(0)
    kept.take(VideoFrame.from_ndarray(np.full((48, 64, 3), 7, np.uint8), format="bgr24"))
    assert (await waiting).width == 64
    shown = kept.bgr()
    assert shown is not None
    assert shown.mean() == pytest.approx(7, abs=1)


async def test_a_closed_file_stops_reading(clip: Path) -> None:
    source = FilePictures(clip).start()
    await until(lambda: source.picture() is not None)
    source.close()
    assert not source._thread.is_alive()
