"""What a durable call costs, what a process weighs and how fast it starts: `make bench`.

Client, server and database share one machine, so speeds are only ever ratios of one run, measured in turns.
"""
