"""The kiosk program: opens everything it needs, in order, and closes it in reverse."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from kiosk_client.browser import Browser
from kiosk_client.device_key import DeviceKey
from kiosk_client.enrol import enrol
from kiosk_client.errors import KioskError
from kiosk_client.hall_api import HallApi
from kiosk_client.health import Health
from kiosk_client.identity.card_slot import open_card_slot
from kiosk_client.identity.check import CheckParts, unpredictable
from kiosk_client.identity.door import IdentityDoor
from kiosk_client.identity.hall_report import HallReport
from kiosk_client.identity.unattended import IdentityPlan, UnattendedCheck
from kiosk_client.identity.unattended_account import UnattendedAccount
from kiosk_client.page import Page
from kiosk_client.settings import KioskSettings
from kiosk_client.sources import Sources, open_media
from kiosk_client.tokens import Tokens
from kiosk_client.version import kiosk_version
from kiosk_client.visit import Visit, VisitPlan, VisitResult
from signaling.client.link import Link, LinkStatus
from signaling.client.sinks import Sink
from signaling.protocol.events import ServerEvent
from signaling.protocol.views import KioskView

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PageKiosk:
    """A kiosk with a touch page that runs."""

    kiosk_id: str
    page_origin: str
    page: Page
    health: Health
    link: Link
    browser: Browser | None


async def enrol_kiosk(settings: KioskSettings, code: str) -> DeviceKey:
    """Enrol this kiosk; raises Refusal, KioskError."""
    async with HallApi(settings.server_url, ca_file=settings.ca_file) as api:
        return await enrol(settings, api, code)


def device_of(settings: KioskSettings) -> DeviceKey:
    """This kiosk's key; raises NotEnrolled, KeyUnreadable, or KioskError for another server's."""
    device = DeviceKey.load(settings.data_dir)
    if device.server_url != settings.server_url:
        raise KioskError(
            f"this kiosk is enrolled at {device.server_url}, not at {settings.server_url}; "
            "give that address, or enrol again"
        )
    return device


@asynccontextmanager
async def open_page_kiosk(
    settings: KioskSettings,
    *,
    with_browser: bool,
    cues: Callable[[], random.Random] = unpredictable,
) -> AsyncIterator[PageKiosk]:
    """The kiosk with its touch page; raises KioskError.

    `cues` is where the witness's cues come from: a test gives one that it knows, and no setting
    of a booth can.
    """
    device = device_of(settings)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            HallApi(settings.server_url, ca_file=settings.ca_file)
        )
        own_tokens = Tokens(api, device, "device")
        slot = open_card_slot(settings.card)
        stack.push_async_callback(slot.close)
        identity = IdentityDoor(
            CheckParts(
                slot=slot,
                hall=HallReport(api, device, own_tokens),
                cues=cues,
            )
        )
        page = await stack.enter_async_context(
            Page(settings, device, Tokens(api, device, "page"), identity)
        )
        link = await stack.enter_async_context(_device_link(settings, own_tokens))
        browser: Browser | None = None
        if with_browser:
            browser = await stack.enter_async_context(Browser(settings))
        health = await stack.enter_async_context(
            Health(
                link,
                data_dir=settings.data_dir,
                page_attached=lambda: (
                    page.opened.is_set() and (browser is None or browser.is_running)
                ),
                every_s=settings.health_every_s,
            )
        )
        yield PageKiosk(
            kiosk_id=device.kiosk_id,
            page_origin=settings.page_origin,
            page=page,
            health=health,
            link=link,
            browser=browser,
        )


async def headless_visit(
    settings: KioskSettings,
    plan: VisitPlan,
    sources: Sources,
    *,
    sink: Sink | None = None,
    on_phase: Callable[[KioskView], None] = lambda _view: None,
    on_visit: Callable[[Visit], None] = lambda _visit: None,
    identity: IdentityPlan | None = None,
) -> VisitResult:
    """One visit without a browser; `on_visit` gets hold of it. Raises KioskError.

    With `identity` the program shows a card as soon as it has a ticket.
    """
    device = device_of(settings)
    async with AsyncExitStack() as stack:
        media = await stack.enter_async_context(open_media(sources))
        api = await stack.enter_async_context(
            HallApi(settings.server_url, ca_file=settings.ca_file)
        )
        own_tokens = Tokens(api, device, "device")
        showing: asyncio.Task[UnattendedAccount] | None = None

        def hear(view: KioskView) -> None:
            nonlocal showing
            on_phase(view)
            if identity is not None and showing is None and view.ticket is not None:
                check = UnattendedCheck(
                    identity,
                    HallReport(api, device, own_tokens),
                    ticket_id=view.ticket.id,
                    language=plan.language,
                    pictures=media.pictures,
                    camera_label=sources.camera_label,
                )
                showing = asyncio.create_task(check.run(), name="identity")

        visit = Visit(plan, media=media, sink=sink, on_phase=hear)
        on_visit(visit)
        link = await stack.enter_async_context(
            Link(
                url=settings.server_url,
                token=Tokens(api, device, "page").token,
                client=f"xiaowu kiosk headless {kiosk_version()}",
                on_event=visit.on_event,
                on_status=visit.on_status,
                ca_file=settings.ca_file,
            )
        )
        own = await stack.enter_async_context(_device_link(settings, own_tokens))
        has_camera = sources.camera is not None
        await stack.enter_async_context(
            Health(
                own,
                data_dir=settings.data_dir,
                page_attached=lambda: link.status is LinkStatus.ONLINE,
                camera=lambda: "ok" if has_camera else "missing",
                microphone=lambda: "missing",
                every_s=settings.health_every_s,
            )
        )
        try:
            result = await visit.run(link)
        finally:
            account = await _ended(showing)
        return result.model_copy(update={"identity": account})


async def _ended(showing: asyncio.Task[UnattendedAccount] | None) -> UnattendedAccount | None:
    """What the check came to; one that still goes on has nobody left to show it to."""
    if showing is None:
        return None
    if not showing.done():
        showing.cancel()
    await asyncio.wait({showing})
    if showing.cancelled():
        return None
    if (failure := showing.exception()) is not None:
        # The kind only: the text of an exception may quote what is nobody's business.
        log.error("a check of identity broke", extra={"kind": type(failure).__name__})
        return None
    return showing.result()


def _device_link(settings: KioskSettings, tokens: Tokens) -> Link:
    async def nothing_to_do(_event: ServerEvent) -> None:
        """The kiosk program itself is told nothing that it has to act on."""

    return Link(
        url=settings.server_url,
        token=tokens.token,
        client=f"xiaowu kiosk {kiosk_version()}",
        on_event=nothing_to_do,
        ca_file=settings.ca_file,
    )


async def run_until(stopped: asyncio.Event, kiosk: PageKiosk) -> None:
    """Keep the kiosk open until `stopped`, or until it was revoked or replaced."""
    while not stopped.is_set():
        if kiosk.link.status in (LinkStatus.REVOKED, LinkStatus.REPLACED):
            raise KioskError(f"the server ended this kiosk: {kiosk.link.status}")
        try:
            async with asyncio.timeout(1.0):
                await stopped.wait()
        except TimeoutError:
            continue
