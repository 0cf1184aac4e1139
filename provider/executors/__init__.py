"""Sandboxes: one executor per kind of runtime, each behind `base.Executor`."""
