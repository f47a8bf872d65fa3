"""The services of Peel: one folder each, and the kernel they share."""
