"""The task that Celery's worker processes run: it gives back what it was given."""

from __future__ import annotations

from celery import Celery


def create_app(redis_url: str | None) -> Celery:
    """An application set up for many short tasks, as Celery's guide to optimising says.

    None: the worker's command line names the broker.
    """
    made = Celery("bench", broker=redis_url, backend=redis_url)
    made.conf.update(broker_connection_retry_on_startup=True, worker_prefetch_multiplier=64)
    return made


app = create_app(None)


@app.task(name="bench.echo")  # type: ignore[untyped-decorator]
def echo(value: str) -> str:
    """The no-op: its argument is its result, as in `images/wasm/noop`."""
    return value
