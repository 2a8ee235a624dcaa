"""Which endpoints a request may use, in what order.

Knows the catalog's answer to a name and what a key may ask for. Refuses to call anyone.
"""

from __future__ import annotations

import msgspec

from glimway.domain.catalog import Catalog, Endpoint
from glimway.domain.keys import Key
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

MAX_OUTPUT_DEFAULT = 131_072
"""The longest answer of a model whose bound is not known: that of most GLM models."""


class Plan(msgspec.Struct, frozen=True):
    """An ordered route. ``model`` is the catalog's id (or the provider's own behind a pin)."""

    model: str
    endpoints: tuple[Endpoint, ...]

    @property
    def max_output(self) -> int:
        """The longest answer, in tokens."""
        return self.endpoints[0].max_output or MAX_OUTPUT_DEFAULT


def plan_route(catalog: Catalog, call: Call, key: Key) -> Plan:
    """Plan the route of one request.

    Raises:
        Refusal: ``not_found`` for an unknown name, ``unsupported`` when nobody serves it,
            ``forbidden`` when an endpoint without a price would serve prepaid credits
           .
    """
    resolved = catalog.resolve(call.model)
    endpoints = resolved.endpoints
    if not endpoints:
        raise Refusal(
            "unavailable",
            f"No configured provider serves the model '{call.model}'. "
            "Add one of its providers to the configuration, or set its key variable.",
            code="service_unavailable",
            param="model",
            retry_after_s=60,
        )
    if key.billing == "prepaid":
        priced = tuple(endpoint for endpoint in endpoints if endpoint.priced)
        if not priced:
            raise Refusal(
                "forbidden",
                f"The model '{call.model}' has no price here, so prepaid credits cannot pay it. "
                "The operator can set a price (0 for free) in the configuration.",
                param="model",
            )
        endpoints = priced
    return Plan(resolved.model_id, endpoints)
