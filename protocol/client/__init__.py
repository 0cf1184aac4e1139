"""The typed HTTP client of a market, and the wire models that both sides share."""
