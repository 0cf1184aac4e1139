"""The HTTP edge: routes, problems, limits. No rule of the market lives here."""
