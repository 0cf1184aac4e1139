"""`make demo`: the main job on embedded parts, every party a process of its own."""
