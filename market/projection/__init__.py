"""The chain's events, in order, into tables; and what follows from them for the market."""
