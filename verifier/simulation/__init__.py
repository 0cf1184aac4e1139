"""The adversary simulator: every known way to cheat, played against the real rules."""
