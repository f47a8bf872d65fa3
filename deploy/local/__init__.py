"""The platform on one machine: real PostgreSQL and Kafka, a local authority, and Peel's own processes, all on loopback.

For development, tests, rehearsals and benchmarks. Nothing here is meant for a machine that others can log in to.
"""
