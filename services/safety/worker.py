"""The Kafka and timer door of safety: what it reacts to. No logic."""

from services.kernel.reactions import Reactions

reactions = Reactions("safety")
