"""`fallow job ringers`: how many ringers make guessing a loss."""

from __future__ import annotations

from typing import Annotated

import typer

from protocol.chain.facts import Params
from protocol.client import console
from protocol.client.client import MarketClient
from protocol.client.wire import MarketInfo
from protocol.job import MAX_TASKS
from protocol.ringers import Stakes, ringers_needed, share_ppm
from protocol.units import PPM, parse_credits
from requester import options, screen


def ringers_for_job(
    tasks: Annotated[int, typer.Option(min=1, max=MAX_TASKS, help="How many, without ringers.")],
    price: Annotated[str, typer.Option(help="What a task costs, in credits.")],
    guess: options.Guess = 0.5,
    market: console.Market = console.DEFAULT_MARKET,
    json: console.Json = False,
) -> None:
    """Say how many ringers a job needs, so that whoever guesses its results loses by it.

    fallow job ringers --tasks 1000 --price 0.05 --guess 0.5
    """
    with MarketClient(market) as client:
        stakes = stakes_at(client.market(), parse_credits(price))
    least_ppm = share_ppm(stakes, options.ppm_of(guess or 0.0))
    needed = ringers_needed(tasks, least_ppm)
    cost_wei = needed * stakes.price_per_task_wei
    if json:
        screen.print_json(
            {"ringers": needed, "least_share_ppm": least_ppm, "cost_wei": str(cost_wei)}
        )
    else:
        share = f"{100 * least_ppm / PPM:.2f} %"
        screen.print_facts(
            {"ringers": str(needed), "share": share, "cost": screen.credits(cost_wei)}
        )


def needed_ringers(market: MarketInfo, tasks: int, price_wei: int, guess_ppm: int) -> int:
    """How many ringers so many tasks of that price need on that market.

    Raises:
        InvalidInput: no number is enough.
    """
    return ringers_needed(tasks, share_ppm(stakes_at(market, price_wei), guess_ppm))


def stakes_at(market: MarketInfo, price_wei: int) -> Stakes:
    """What guessing puts at risk on that market: a seat, and the stake of an established provider.

    Raises:
        InvalidInput: a price of nothing.
    """
    params = Params.from_json(market.params)
    return Stakes(price_wei, params.minimum_stake_wei, params.seat_stake_wei)
