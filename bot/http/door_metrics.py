"""Figures of keys, limits, repeated calls and webhooks; no label names a caller."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class DoorMetrics:
    """Counters beside those of the replies, in the same registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, help_text: str, *labels: str) -> Counter:
            return Counter(f"quotewell_{name}_total", help_text, labels, registry=registry)

        self._keys = counter("key_checks", "API keys presented", "result")
        self._limited = counter("limited_requests", "Requests over a limit", "limit")
        self._saved = counter(
            "limited_urgent_replies", "Urgent messages answered although they were to be refused"
        )
        self._repeats = counter("repeated_calls", "Calls with a known Idempotency-Key", "result")
        self._webhooks = counter("webhooks", "Tries to deliver an event", "event", "result")
        self._lost = counter("webhooks_lost", "Events that could not be kept for delivery")

    def key_checked(self, result: str) -> None:
        """Count a key that was presented: accepted or refused."""
        self._keys.labels(result).inc()

    def limited(self, kind: str) -> None:
        """Count a request over the limit of that kind."""
        self._limited.labels(kind).inc()

    def urgent_all_the_same(self) -> None:
        """Count an urgent message that was answered where others are refused."""
        self._saved.inc()

    def repeated(self, result: str) -> None:
        """Count a repeated call: replayed, conflict, mismatch or unchecked."""
        self._repeats.labels(result).inc()

    def webhook(self, event: str, result: str) -> None:
        """Count a try to deliver: delivered, failed or dead."""
        self._webhooks.labels(event, result).inc()

    def webhook_lost(self) -> None:
        """Count an event that the store did not take."""
        self._lost.inc()
