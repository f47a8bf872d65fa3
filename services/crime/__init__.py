"""Crime recording: every report reaches a decision, and no crime is lost on the way."""
