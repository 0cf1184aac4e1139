"""The keeper: what must be done on chain and can be done by anyone, done here in good time."""
