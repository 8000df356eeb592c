"""Idempotency-Key: the same call twice gets the same reply once.

As draft-ietf-httpapi-idempotency-key-header-07 has it: another body under the same key is 422,
a repetition while the first is being answered 409. Kept are hashes and the reply, which holds
nothing that was typed. The key itself seals the body's code, so that whoever reads the database
cannot try out questions against it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Any

from bot.errors import StoreError
from bot.http import logs
from bot.http.asking import safe
from bot.http.models import AskRequest
from bot.http.problems import Problem
from bot.http.services import Services
from bot.records import URGENT_OUTCOMES, Reply, to_dict
from bot.store.doors import KeyRow

# Seconds that a call waits for the store; beyond, it is answered without this.
_DEADLINE = 0.25
# A structured-field string, in quotes; many clients leave them out.
_FORM = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')


@dataclass(slots=True)
class Ticket:
    """A call that may be repeated: to be answered here, or with what is known of it.

    `reply` is what the first call got. `problem` is why this one gets nothing, unless its
    message is urgent. Neither: it is to be answered, then `keep` or `give_back` is called.
    """

    services: Services
    call_id: str = ""
    reply: dict[str, Any] | None = None
    problem: Problem | None = None

    async def keep(self, reply: Reply) -> None:
        """Keep the reply for repetitions; how it was decided shows what was typed, and is not."""
        if not self.call_id:
            return
        kept = {name: value for name, value in to_dict(reply).items() if name != "explain"}
        done = self.services.store.calls.finish(self.call_id, reply.visit_id, kept)
        if reply.outcome not in URGENT_OUTCOMES:
            await safe(done)

    def give_back(self) -> None:
        """Let a repetition be answered anew."""
        if self.call_id:
            self.services.store.calls.abandon(self.call_id)


async def open_ticket(
    services: Services, header: str | None, key: KeyRow | None, body: AskRequest
) -> Ticket:
    """Look a call up by its Idempotency-Key; without one, it is an ordinary call.

    Raises:
        Problem: 400, the header does not have the form of a key.
    """
    if header is None:
        return Ticket(services)
    found = _FORM.fullmatch(header.strip())
    if found is None:
        raise Problem(
            400,
            "bad_idempotency_key",
            "Idempotency-Key has to be a text of 1 to 255 characters, such as a UUID.",
        )
    call_id, body_code = _codes(found[1] or found[2], key, body)
    try:
        async with asyncio.timeout(_DEADLINE):
            begin = services.store.calls.begin
            earlier = await asyncio.to_thread(begin, call_id, body_code, services.now())
    except (StoreError, TimeoutError) as error:
        services.metrics.doors.repeated("unchecked")
        logs.LOGGER.warning("call not looked up", extra={"why": type(error).__name__})
        return Ticket(services)
    if earlier is None:
        return Ticket(services, call_id)
    return _known(services, earlier.reply, hmac.compare_digest(earlier.body_code, body_code))


def _known(services: Services, reply: dict[str, Any] | None, is_same: bool) -> Ticket:
    if not is_same:
        services.metrics.doors.repeated("mismatch")
        detail = "This Idempotency-Key was used with another request."
        return Ticket(services, problem=Problem(422, "idempotency_key_reused", detail))
    if reply is None:
        services.metrics.doors.repeated("conflict")
        detail = "The first request with this Idempotency-Key is still being answered."
        problem = Problem(409, "call_in_flight", detail, headers={"Retry-After": "1"})
        return Ticket(services, problem=problem)
    services.metrics.doors.repeated("replayed")
    return Ticket(services, reply=reply)


def _codes(text: str, key: KeyRow | None, body: AskRequest) -> tuple[str, str]:
    """The call's id, different for each API key, and the code of its body."""
    secret = f"{key.prefix if key else ''}:{text}".encode()
    call_id = hashlib.sha256(b"call:" + secret).hexdigest()
    code = hmac.new(secret, body.model_dump_json().encode(), hashlib.sha256).hexdigest()
    return call_id, code
