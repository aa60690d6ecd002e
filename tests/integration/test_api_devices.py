"""Booths enrol once and prove themselves ever after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from seat_server.errors import CodeRefused
from service_queue.errors import KioskUnknown
from signaling.protocol.devices import EnrolDevice
from tests.support.hall_builder import HandClock
from tests.support.server_api import (
    KIOSK,
    PAGE_ORIGIN,
    KioskKey,
    ServerUnderTest,
    open_server_under_test,
    unpadded,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def hall(tmp_path: Path, clock: HandClock) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path, clock=clock) as under_test:
        yield under_test


async def code_for(hall: ServerUnderTest, kiosk_id: str = KIOSK) -> str:
    return (await hall.server.devices.make_code(kiosk_id, actor="test")).code


async def test_a_kiosk_enrols_with_its_code_and_gets_tokens(hall: ServerUnderTest) -> None:
    booth = KioskKey(hall.browser())
    answer = await booth.enrol(await code_for(hall))
    assert answer.body == {"kiosk_id": KIOSK}
    assert (await booth.token(purpose="device")).status == 200
    assert (await booth.token(purpose="page")).status == 200


async def test_a_code_is_read_as_people_type_it(hall: ServerUnderTest) -> None:
    code = await code_for(hall)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await KioskKey(hall.browser()).enrol(typed)).status == 200


async def test_a_code_works_once(hall: ServerUnderTest) -> None:
    code = await code_for(hall)
    assert (await KioskKey(hall.browser()).enrol(code)).status == 200
    answer = await KioskKey(hall.browser()).enrol(code)
    assert (answer.status, answer.code) == (403, "code_refused")


async def test_a_code_is_over_after_ten_minutes(hall: ServerUnderTest, clock: HandClock) -> None:
    code = await code_for(hall)
    clock.move(600)
    assert (await KioskKey(hall.browser()).enrol(code)).code == "code_refused"


async def test_five_wrong_tries_burn_a_code(hall: ServerUnderTest) -> None:
    code = await code_for(hall)
    booth = KioskKey(hall.browser())
    for _ in range(5):
        with pytest.raises(CodeRefused):
            await hall.server.devices.enrol(request_with(booth, wrong(code)))
    with pytest.raises(CodeRefused):
        await hall.server.devices.enrol(request_with(booth, code))


async def test_guessing_codes_from_one_address_is_slowed_down(hall: ServerUnderTest) -> None:
    code = await code_for(hall)
    booth = KioskKey(hall.browser())
    answers = [await booth.enrol(wrong(code)) for _ in range(6)]
    assert [answer.code for answer in answers] == ["code_refused"] * 5 + ["too_many_tries"]


async def test_a_newer_code_ends_the_older_one(hall: ServerUnderTest) -> None:
    older = await code_for(hall)
    await code_for(hall)
    assert (await KioskKey(hall.browser()).enrol(older)).code == "code_refused"


async def test_only_kiosks_that_exist_get_codes(hall: ServerUnderTest) -> None:
    with pytest.raises(KioskUnknown):
        await code_for(hall, "nowhere-1")


@pytest.mark.parametrize(
    "origin",
    ["http://10.0.0.5:7180", "http://evil.example", "http://127.0.0.1:7180/path", "http://u@[::1]"],
)
async def test_a_kiosks_page_lives_on_loopback(hall: ServerUnderTest, origin: str) -> None:
    answer = await KioskKey(hall.browser()).enrol(await code_for(hall), page_origin=origin)
    assert (answer.status, answer.code) == (409, "origin_not_loopback")


async def test_enrolling_anew_ends_the_key_before(hall: ServerUnderTest) -> None:
    older, newer = await hall.kiosk(), await hall.kiosk()
    assert (await older.token()).code == "proof_refused"
    assert (await newer.token()).status == 200


async def test_a_revoked_device_gets_no_token(hall: ServerUnderTest) -> None:
    booth = await hall.kiosk()
    await hall.server.devices.revoke(KIOSK, actor="test")
    answer = await booth.token()
    assert (answer.status, answer.code) == (404, "device_unknown")


async def test_another_key_proves_nothing(hall: ServerUnderTest) -> None:
    await hall.kiosk()
    assert (await KioskKey(hall.browser()).token()).code == "proof_refused"


async def test_a_signature_is_worth_one_token(hall: ServerUnderTest) -> None:
    booth = await hall.kiosk()
    nonce = await booth.challenge()
    assert (await booth.token(nonce=nonce)).status == 200
    assert (await booth.token(nonce=nonce)).code == "proof_refused"


async def test_a_challenge_is_over_after_a_minute(hall: ServerUnderTest, clock: HandClock) -> None:
    booth = await hall.kiosk()
    nonce = await booth.challenge()
    clock.move(61)
    assert (await booth.token(nonce=nonce)).code == "proof_refused"


async def test_a_challenge_fits_one_kiosk(hall: ServerUnderTest) -> None:
    booth = await hall.kiosk()
    nonce = await booth.challenge("qinghe-2")
    assert (await booth.token(nonce=nonce)).code == "proof_refused"


async def test_a_signature_for_a_page_gives_no_device_token(hall: ServerUnderTest) -> None:
    booth = await hall.kiosk()
    assert (await booth.token(purpose="device", signed_for="page")).code == "proof_refused"


async def test_a_made_up_nonce_is_refused(hall: ServerUnderTest) -> None:
    booth = await hall.kiosk()
    assert (await booth.token(nonce=unpadded(b"11.9999999999.00"))).code == "proof_refused"
    assert (await booth.token(nonce="A")).code == "proof_refused"


async def test_the_catalogue_is_open_to_pages_of_enrolled_kiosks_only(
    hall: ServerUnderTest,
) -> None:
    browser = hall.browser()
    before = await browser.call("GET", "/api/items", Origin=PAGE_ORIGIN)
    assert "Access-Control-Allow-Origin" not in before.headers
    booth = await hall.kiosk()
    await booth.token()
    await hall.server.admission.refresh()
    after = await browser.call("GET", "/api/items", Origin=PAGE_ORIGIN)
    assert after.headers["Access-Control-Allow-Origin"] == PAGE_ORIGIN
    assert after.headers["Vary"] == "Origin"
    other = await browser.call("GET", "/api/items", Origin="http://127.0.0.1:9999")
    assert "Access-Control-Allow-Origin" not in other.headers
    preflight = await browser.call("OPTIONS", "/api/items", Origin=PAGE_ORIGIN)
    assert preflight.headers["Access-Control-Allow-Headers"] == "If-None-Match"


async def test_the_catalogue_is_sent_once(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    first = await browser.call("GET", "/api/items")
    assert len(first.body["items"]) >= 500
    assert sum(item["frequent"] is not None for item in first.body["items"]) == 64
    again = await browser.call("GET", "/api/items", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, "")


def request_with(booth: KioskKey, code: str) -> EnrolDevice:
    public_key = unpadded(booth.key.public_key().public_bytes_raw())
    return EnrolDevice(code=code, public_key=public_key, page_origin=PAGE_ORIGIN)


def wrong(code: str) -> str:
    """The code with another last letter."""
    return code[:-1] + ("2" if code[-1] != "2" else "3")
