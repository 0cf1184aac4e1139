"""The verifier: draws its own duties from the chain, runs tasks again blind, and disputes lies.

`draws`, `casework` and `compare` are pure: what the chain has told in, duties and moves out.
`journal` remembers what must survive a crash. `execution`, `audits`, `disputes` and `daemon` act.
"""
