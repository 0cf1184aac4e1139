"""Turns: both sides as often, neither always first."""

from bench.rounds import in_turns, median_rates


def test_who_begins_changes_from_round_to_round() -> None:
    order: list[str] = []
    measures = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    seen = in_turns(measures, 3, lambda _: None)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert {name: len(values) for name, values in seen.items()} == {"a": 3, "b": 3}


def test_every_round_is_told() -> None:
    said: list[str] = []
    in_turns({"a": lambda: 1}, 2, said.append)
    assert said == ["a, round 1 of 2", "a, round 2 of 2"]


def test_a_rate_counts_what_an_action_says_it_did() -> None:
    rates = median_rates({"many": lambda: 1000, "none": lambda: 0}, 3, lambda _: None)
    assert rates["none"] == 0
    assert rates["many"] > 0
