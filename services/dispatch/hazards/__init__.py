"""What crews learn of hazards once they are sent, until they say that they know it (R-MK-02, R-MK-03)."""
