"""Officer safety: warning markers, and the emergency path that works whatever else is down."""
