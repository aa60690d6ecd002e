"""What the wire counts. Labels are words of the protocol, never ids."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class WireMetrics:
    """Counters of one server, in a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connections = Gauge(
            "xiaowu_wire_connections", "Admitted connections", ["role"], registry=registry
        )
        self.messages = Counter(
            "xiaowu_wire_messages", "Messages accepted, by type", ["type"], registry=registry
        )
        self.refusals = Counter(
            "xiaowu_wire_refusals",
            "Refusals given, by stable code; CONNECT and commands alike",
            ["code"],
            registry=registry,
        )
        self.drops = Counter(
            "xiaowu_wire_drops", "Connections ended by us, by cause", ["cause"], registry=registry
        )
        self.pushes = Counter(
            "xiaowu_wire_pushes", "Events sent, by type", ["type"], registry=registry
        )
        self.signals_dropped = Counter(
            "xiaowu_wire_signals_dropped",
            "Call signals for a side that was not there",
            registry=registry,
        )
