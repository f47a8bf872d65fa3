"""The service table: adding a service is adding its proto package, its folder and one name here."""

SERVICES = ("intake", "crime", "dispatch", "safety")
