"""A whole Ethereum chain in one small process: py-evm behind JSON-RPC, for demos and tests.

`python -m protocol.chain.devchain --port 8545`. It mines at every transaction and once a block
time, has Anvil's chain id and accounts, and forgets everything when it ends.
"""
