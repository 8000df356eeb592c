"""Counters and histograms in the Prometheus format; no label ever holds what a visitor typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bot.guide import Guide
from bot.http.door_metrics import DoorMetrics
from bot.records import Reply

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Seconds. A reply takes about a millisecond, so the first buckets are fine.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# Reasons come from the rule and topic files, so their number is bounded by those; the cap only
# keeps a faulty rule file from flooding the monitoring.
_MAX_REASONS = 300


class StoreCounts(Protocol):
    """What the store tells of itself."""

    @property
    def n_written(self) -> int: ...
    @property
    def n_failed(self) -> int: ...
    @property
    def n_dropped(self) -> int: ...
    @property
    def degraded(self) -> bool: ...


class Metrics:
    """All figures of one app, in a registry of its own."""

    def __init__(self, store: StoreCounts, guides: Iterable[Guide], policy_version: str) -> None:
        self.registry = CollectorRegistry()
        self._reasons: set[str] = set()
        self._replies = Counter(
            "quotewell_replies_total",
            "Replies given",
            ["outcome", "reason", "channel"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "quotewell_request_duration_seconds",
            "Time from a request's arrival to the end of its response",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._faults = Counter(
            "quotewell_faults_total", "Errors nobody foresaw", registry=self.registry
        )
        self._unsaved = Counter(
            "quotewell_unsaved_replies_total",
            "Replies given before the store had confirmed them",
            registry=self.registry,
        )
        self._lost_visits = Counter(
            "quotewell_visit_load_failures_total",
            "Turns answered without their visit because it could not be loaded",
            registry=self.registry,
        )
        self._messages = Counter(
            "quotewell_channel_messages_total",
            "Deliveries and letters of messaging channels, by what became of them",
            ["channel", "what"],
            registry=self.registry,
        )
        info = Gauge(
            "quotewell_guide_info",
            "Guides in force",
            ["guide", "version", "sha256", "policy"],
            registry=self.registry,
        )
        for guide in guides:
            info.labels(guide.guide_id, guide.version, guide.sha256, policy_version).set(1)
        self.registry.register(_StoreCollector(store))
        self.doors = DoorMetrics(self.registry)

    def replied(self, reply: Reply, channel: str) -> None:
        """Count a reply."""
        self._replies.labels(reply.outcome, self._reason(reply.reason), channel).inc()

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request under its route template."""
        self._seconds.labels(method, route, str(status)).observe(seconds)

    def faulted(self) -> None:
        """Count an error that nobody foresaw."""
        self._faults.inc()

    def unsaved(self) -> None:
        """Count a reply that was given before the store had confirmed it."""
        self._unsaved.inc()

    def visit_lost(self) -> None:
        """Count a turn that had to do without its visit."""
        self._lost_visits.inc()

    def messaged(self, channel: str, what: str) -> None:
        """Count what became of a delivery or a letter of a messaging channel.

        `what` is received, late, limited, duplicate, rejected, delivered, retried or failed.
        """
        self._messages.labels(channel, what).inc()

    def text(self) -> bytes:
        """All figures in the text format."""
        return generate_latest(self.registry)

    def _reason(self, reason: str) -> str:
        if reason not in self._reasons and len(self._reasons) >= _MAX_REASONS:
            return "other"
        self._reasons.add(reason)
        return reason


class _StoreCollector:
    """Reads the store's own counts when the figures are fetched."""

    def __init__(self, store: StoreCounts) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        counts: tuple[tuple[str, str, Any], ...] = (
            ("written", "Rows that the store confirmed", self._store.n_written),
            ("failed", "Writes that the store refused", self._store.n_failed),
            ("dropped", "Writes given up because too many were waiting", self._store.n_dropped),
        )
        for name, help_text, value in counts:
            yield CounterMetricFamily(f"quotewell_store_{name}", help_text, value=value)
        yield GaugeMetricFamily(
            "quotewell_store_degraded",
            "1 while replies are given without the store",
            value=float(self._store.degraded),
        )
