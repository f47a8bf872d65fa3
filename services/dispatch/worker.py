"""The Kafka and timer door of dispatch: what it reacts to. No logic."""

from services.kernel.reactions import Reactions

reactions = Reactions("dispatch")
