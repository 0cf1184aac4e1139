"""Celery for production: `celery -A market.background.app worker --beat --pool solo -Q keeper`.

Settings come from the environment (`FALLOW_MARKET_...`). One worker owns the operator's account:
rounds never overlap, by a lock in Redis that a dead worker loses by itself.
"""

from __future__ import annotations

from functools import cache

from celery import Celery
from redis import Redis

from market.main import Market, build
from market.settings import Settings

EVERY_SECONDS = 1.0
ROUND_LOCK_SECONDS = 120
LOCK_NAME = "fallow:keeper"


@cache
def settings() -> Settings:
    """This process's settings."""
    return Settings()  # type: ignore[call-arg]  # from the environment


@cache
def market() -> Market:
    """This process's market, built when the first round needs it."""
    return build(settings())


def create_app() -> Celery:
    """The Celery application; its beat asks for a round every second."""
    made = Celery("fallow-market", broker=settings().redis_url)
    made.conf.update(
        task_default_queue="keeper",
        task_ignore_result=True,
        task_acks_late=True,
        broker_connection_retry_on_startup=True,
        worker_prefetch_multiplier=1,
        beat_schedule={
            "keeper": {
                "task": "market.keeper_round",
                "schedule": EVERY_SECONDS,
                # A round that waited is worth no more than the next one.
                "options": {"expires": 2 * EVERY_SECONDS},
            }
        },
    )
    return made


app = create_app()


@app.task(name="market.keeper_round")  # type: ignore[untyped-decorator]
def keeper_round() -> bool:
    """One round of the keeper, unless one is under way. True when it was made."""
    redis = Redis.from_url(settings().redis_url)
    lock = redis.lock(LOCK_NAME, timeout=ROUND_LOCK_SECONDS, blocking=False)
    if not lock.acquire():
        return False
    try:
        market().keeper.advance()
    finally:
        lock.release()
    return True
