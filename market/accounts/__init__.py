"""Accounts: who is asking, what the chain knows of them, and what is relayed for them."""
