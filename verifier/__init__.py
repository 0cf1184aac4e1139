"""The verifier: draws its own duties from the chain, runs tasks again blind, and disputes lies.

`chain_view`, `draws`, `casework` and `compare` are pure: chain events in, duties and moves out.
`journal` remembers what must survive a crash. `execution`, `audits`, `disputes` and `daemon` act.
"""
