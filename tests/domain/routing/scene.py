"""A small world to plan routes in: hosts with prices, a model, a key.

Knows how the values are put together. Refuses to judge a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from glimway.domain.catalog import Catalog, Entry, Model, Offer, PriceText, Profile, Provider
from glimway.domain.estimate import Estimates
from glimway.domain.health import Health
from glimway.domain.keys import Key
from glimway.domain.profile import Policy as Promises
from glimway.domain.profile import Stance
from glimway.domain.routing.affinity import Affinity
from glimway.domain.routing.plan import Asked, Live, Planner
from glimway.domain.routing.route import Plan
from glimway.domain.routing.rules import Policy, Project
from glimway.domain.said import NOTHING, Said
from glimway.domain.statistics.vitals import Vitals
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.talk import Call, TextPart, Turn

DAY = date(2026, 11, 21)
AT_MS = 1_795_000_000_000
KEY = Key(id="k", digest=b"", name="", organization="o", project="p", created_ms=0)
PREPAID = msgspec.structs.replace(KEY, billing="prepaid")

ABLE = frozenset(
    {
        "tools",
        "tool_choice",
        "reasoning",
        "reasoning_effort",
        "preserved_thinking",
        "json_object",
        "json_schema",
        "vision",
        "video",
        "web_search",
    }
)
NEW = Model(
    id="zai/new",
    aliases=("new",),
    context=200_000,
    max_output=131_072,
    capabilities=ABLE,  # type: ignore[arg-type]
)
OLD = Model(id="zai/old", aliases=("old",), capabilities=frozenset({"tools"}))


class Host(msgspec.Struct, kw_only=True):
    """One provider and its offer of the model."""

    id: str
    input: str | None = "1"
    output: str = "2"
    cached: str | None = None
    quirks: dict[str, Any] = {}
    lacks: tuple[str, ...] = ()
    context: int | None = None
    max_output: int | None = None
    quantization: str = ""
    regions: tuple[str, ...] = ()
    zdr: bool = False
    no_train: bool = False
    private: bool = False
    said: Said = NOTHING
    weight: int | None = None
    model: str = "zai/new"

    def provider(self) -> Provider:
        """The host as it is configured."""
        stance = Stance(answer="yes")
        promises = Promises(
            zdr=stance if self.zdr else Stance(), no_train=stance if self.no_train else Stance()
        )
        url = f"https://{self.id}.example/v1"
        quirks = msgspec.convert(self.quirks, Quirks)
        profile = Profile(
            id=self.id,
            name=self.id,
            about="",
            base_url=url,
            checked=DAY,
            policy=promises,
            quirks=quirks,
        )
        return Provider(
            id=self.id, profile=profile, base_url=url, private=self.private, said=self.said
        )

    def offer(self) -> Offer:
        """Its offer of the model."""
        prices: tuple[PriceText, ...] = ()
        if self.input is not None:
            prices = (PriceText(input=self.input, output=self.output, cached_input=self.cached),)
        return Offer(
            provider=self.id,
            model="m",
            prices=prices,
            lacks=frozenset(self.lacks),  # type: ignore[arg-type]
            context=self.context,
            max_output=self.max_output,
            quantization=self.quantization,
            regions=self.regions,
            said=Said(weight=self.weight),
        )


class World:
    """A planner and everything that it looks at."""

    def __init__(
        self,
        hosts: Sequence[Host],
        policy: Policy | None = None,
        projects: dict[str, Project] | None = None,
    ) -> None:
        entries = [
            Entry(model, tuple(host.offer() for host in hosts if host.model == model.id))
            for model in (NEW, OLD)
        ]
        self.catalog = Catalog(entries, [host.provider() for host in hosts])
        self.live = Live(Health(), Vitals(), Affinity(), Estimates())
        self.planner = Planner(self.catalog, self.live, policy or Policy(), projects)
        self.now_s = 1000.0

    def plan(self, asked: Call, chance: float = 0.0, key: Key = KEY, size: int = 200) -> Plan:
        """The plan of a request of so many bytes."""
        return self.planner.plan(asked, key, Asked(size, AT_MS, self.now_s, chance))

    def order(self, asked: Call, chance: float = 0.0, key: Key = KEY, size: int = 200) -> str:
        """Providers of a plan, in order."""
        plan = self.plan(asked, chance, key, size)
        return " ".join(endpoint.provider.id for endpoint in plan.endpoints)

    def spread(self, asked: Call, draws: int = 1000) -> dict[str, int]:
        """How often each provider is the first, over evenly spread chances."""
        found: dict[str, int] = {}
        for draw in range(draws):
            first = self.plan(asked, (draw + 0.5) / draws).endpoints[0].provider.id
            found[first] = found.get(first, 0) + 1
        return found

    def sicken(self, *providers: str, model: str = "zai/new") -> None:
        """Let providers fail until they rest."""
        for name in providers:
            for _ in range(5):
                self.live.health.failed(f"{model}@{name}", "well", Fault("broken", "x"), self.now_s)

    def measure(self, provider: str, ttft_ms: float, pace: float) -> None:
        """Let a provider answer often enough to be known, and refresh."""
        for _ in range(50):
            self.live.vitals.answered(f"zai/new@{provider}", AT_MS, ttft_ms, pace)
        self.live.vitals.refresh(AT_MS)


def hosts(prices: Iterable[tuple[str, str]]) -> list[Host]:
    """Hosts by name and price of input."""
    return [Host(id=name, input=price) for name, price in prices]


def call(model: str = "new", *texts: str, **more: Any) -> Call:
    """A request; texts are turns of the user and the assistant by turns."""
    said = texts or ("Hello",)
    roles = ("user", "assistant")
    turns = [Turn(roles[at % 2], [TextPart(text)]) for at, text in enumerate(said)]  # type: ignore[arg-type]
    return Call(model=model, turns=more.pop("turns", turns), dialect="chat", **more)


def excluded(plan: Plan) -> dict[str, str]:
    """Provider -> why it was left out."""
    return {one.endpoint.partition("@")[2]: one.reason.words for one in plan.excluded}
