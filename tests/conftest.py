"""Settings of all tests: hypothesis draws the same examples each time, and no test is timed."""

from hypothesis import settings

settings.register_profile("conceptgym", derandomize=True, deadline=None)
settings.load_profile("conceptgym")
