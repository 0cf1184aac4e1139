"""Ways to cheat. Each is a play on a `Stage`, measured against honest work."""
