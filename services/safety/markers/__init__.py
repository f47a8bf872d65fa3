"""Warning markers: what an officer must know before arriving (domain facts 4.3)."""
