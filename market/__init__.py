"""The market service: it matches, relays and stores, and holds nobody's money.

api and background call services (a folder per noun), services call ports; `market.main` alone
wires the adapters. The chain is the truth: the database is a projection of chain events, signed
messages and blobs.
"""
