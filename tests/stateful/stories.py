"""How many stories are told, and how long each is."""

import os

from hypothesis import HealthCheck, settings

# Each run tells other ones. Of the integration server more are asked.
_MANY = int(os.environ.get("STORIES", "20"))
STORY = settings(
    max_examples=_MANY, stateful_step_count=30, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
