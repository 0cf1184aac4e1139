"""How Fallow is brought up: on one machine for the demo and the tests, later on many."""
