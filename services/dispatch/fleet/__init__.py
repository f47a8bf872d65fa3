"""Where the units of a force are this moment, and which of them could go (domain facts 4.2)."""
