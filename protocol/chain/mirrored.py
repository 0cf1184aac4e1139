"""A deployment's parameters as the pure money rules (`protocol.settlement`) take them."""

from __future__ import annotations

from dataclasses import fields, replace

from protocol.chain.facts import Params
from protocol.pricing import CONCESSION, SLASH
from protocol.settlement.facts import Rules, Terms


def terms_of(params: Params) -> Terms:
    """What money depends on of a deployment's parameters."""
    return Terms(**{field.name: getattr(params, field.name) for field in fields(Terms)})


def rules_of(params: Params) -> Rules:
    """What the contracts do by their code, with a deployment's multiples."""
    return Rules(
        concession=replace(CONCESSION, prices=params.concede_multiple),
        slash=replace(SLASH, prices=params.slash_multiple),
    )
