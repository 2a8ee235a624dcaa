"""What settings say, in the words of the parts.

Knows both vocabularies: units and names of the file, and what a part takes. Refuses to make the
parts that live (``parts`` does).
"""

from __future__ import annotations

from glimway.config.health import health_rules
from glimway.config.settings import Deadlines as DeadlineSettings
from glimway.config.settings import Settings
from glimway.config.sharing import rules_of
from glimway.domain.catalog import Catalog
from glimway.domain.estimate import Estimates
from glimway.domain.retry import Patience
from glimway.engine.deadlines import Deadlines
from glimway.engine.keepterms import DAY_MS
from glimway.engine.keepterms import Terms as KeptTerms
from glimway.engine.provider.tls import Trust
from glimway.engine.routing import Terms
from glimway.engine.sharing.shares import Shares
from glimway.engine.sharing.shelf import Bounds as ShelfBounds
from glimway.engine.wheel import Wheel


def trust_of(settings: Settings) -> Trust:
    """Whom providers' certificates are trusted by."""
    return Trust(settings.client.trust, settings.client.ca_file)


def shares_of(settings: Settings, wheel: Wheel) -> Shares:
    """What requests share."""
    cache = settings.cache
    bounds = ShelfBounds(cache.entries_max, cache.total_bytes, cache.answer_bytes)
    return Shares(rules_of(settings.coalesce, cache), bounds, wheel)


def terms_of(settings: Settings) -> Terms:
    """How routing waits, tries and learns."""
    retry = settings.routing_retry
    return Terms(
        attempts_max=settings.routing.attempts,
        refresh_s=settings.statistics.refresh_s,
        hedge_floor_s=settings.routing_hedge.floor_ms / 1000,
        leave_slow=settings.routing_slowness.leave == "always",
        first_token_percent=settings.routing_slowness.first_token_percent,
        health=health_rules(settings),
        retry_share_milli=round(retry.percent * 10),
        retries_per_second_milli=round(retry.per_second * 1000),
        patience=Patience(
            retry.backoff_ms / 1000, retry.backoff_most_ms / 1000, retry.wait_most_ms / 1000
        ),
    )


def estimates_of(catalog: Catalog) -> Estimates:
    """What is known of each model before anything was observed."""
    estimates = Estimates()
    for model in catalog.models:
        estimates.start(model.id, model.bytes_per_token, model.mean_output_tokens)
    return estimates


def kept_terms_of(settings: Settings) -> KeptTerms:
    """Which answers are kept, and for how long."""
    section = settings.responses
    return KeptTerms(
        use=section.store, keep_ms=section.keep_days * DAY_MS, bytes_max=section.bytes_max
    )


def deadlines_of(section: DeadlineSettings) -> Deadlines:
    """How long each part of an answer may take, in seconds."""
    return Deadlines(
        connect_s=section.connect_ms / 1000,
        first_token_s=section.first_token_ms / 1000,
        answer_s=section.answer_ms / 1000,
        between_tokens_s=section.between_tokens_ms / 1000,
        total_s=section.total_ms / 1000,
        commit_after_s=section.commit_after_ms / 1000,
    )
