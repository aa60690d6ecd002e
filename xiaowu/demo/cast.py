"""Who plays whom: which kiosk and seat are the person's, and which the bots'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seat_server.district import AgentSeed, District
from service_queue.tables import KioskRow, SeatRow
from signaling.protocol.words import Role
from xiaowu.demo.bot_plan import Account, BotPlan, KioskBotPlan, Manners, SeatBotPlan
from xiaowu.demo.folder import DemoFolder


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """The parts of a demo."""

    person_kiosk: KioskRow | None
    person_seat: SeatRow | None
    person_agent: AgentSeed | None
    supervisor: AgentSeed
    bot_kiosks: tuple[KioskRow, ...]
    bot_seats: tuple[tuple[SeatRow, AgentSeed], ...]
    item_codes: tuple[str, ...] = field(repr=False)

    @property
    def logins(self) -> list[str]:
        """The accounts that somebody or some bot signs in with."""
        people = [self.supervisor, *(agent for _, agent in self.bot_seats)]
        if self.person_agent is not None:
            people.append(self.person_agent)
        return [agent.login for agent in people]

    def bot_plan(
        self,
        *,
        server_url: str,
        seed: int,
        manners: Manners,
        accounts: Mapping[str, str],
        first_port: int,
        codes: Mapping[str, str],
        folder: DemoFolder,
    ) -> BotPlan:
        """Return what bots of all kinds are told; `first_port` is where their pages would be."""
        kiosks = tuple(
            KioskBotPlan(
                kiosk_id=kiosk.id,
                name=kiosk.name,
                number=number,
                data_dir=folder.bot_dir(kiosk.id),
                port=first_port + number,
                code=codes.get(kiosk.id),
            )
            for number, kiosk in enumerate(self.bot_kiosks, 1 if self.person_kiosk is None else 2)
        )
        seats = tuple(
            SeatBotPlan(
                seat_id=seat.id,
                name=seat.name,
                number=seat.position + 1,
                account=Account(login=agent.login, password=accounts[agent.login]),
            )
            for seat, agent in self.bot_seats
        )
        supervisor = self.supervisor.login
        return BotPlan(
            server_url=server_url,
            supervisor=Account(login=supervisor, password=accounts[supervisor]),
            seed=seed,
            manners=manners,
            kiosks=kiosks,
            seats=seats,
            item_codes=self.item_codes,
            kiosk_numbers={kiosk.name: kiosk.number for kiosk in kiosks},
            seat_numbers={seat.name: seat.number for seat in seats},
            person_kiosk=None if self.person_kiosk is None else self.person_kiosk.name,
            person_seat=None if self.person_seat is None else self.person_seat.id,
        )


def cast(district: District, *, with_person: bool) -> Cast:
    """Share out the district: one kiosk a location and every seat; the person gets the first."""
    kiosks = {kiosk.location_id: kiosk for kiosk in reversed(district.kiosks)}
    one_each = [kiosks[place.id] for place in district.locations if place.id in kiosks]
    agents = [agent for agent in district.agents if agent.role is Role.AGENT]
    seated = list(zip(district.seats, agents, strict=False))
    supervisor = next(agent for agent in district.agents if agent.role is Role.SUPERVISOR)
    person = 1 if with_person else 0
    return Cast(
        person_kiosk=one_each[0] if with_person else None,
        person_seat=seated[0][0] if with_person else None,
        person_agent=seated[0][1] if with_person else None,
        supervisor=supervisor,
        bot_kiosks=tuple(one_each[person:]),
        bot_seats=tuple(seated[person:]),
        item_codes=tuple(item.code for item in district.items),
    )
