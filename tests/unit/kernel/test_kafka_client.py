"""What the broker's client is built with."""

from kafka.record import util


def test_checksums_are_not_counted_in_python() -> None:
    """Without the library the client counts them byte by byte: a kilobyte, each way, takes longer than all the rest."""
    assert util.crc32c_c is not None
    assert util.calc_crc32c(b"123456789") == 0xE3069283
