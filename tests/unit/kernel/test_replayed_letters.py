"""A dead letter that is replayed is for the consumer that had set it aside, and for nobody else (I5)."""

from services.kernel.dead_letters import addressed, is_for, original
from services.kernel.kafka import Outgoing, Record

HEADERS = (("ce_id", b"1"), ("ce_type", b"peel.crime.v1.RecordingOverdue"))
NOTES = (("dlq-topic", b"crime.report.v1"), ("dlq-consumer", b"intake"))
LETTER = Record("crime.report.v1.dlq", 0, 7, b"key", b"value", (*HEADERS, *NOTES))


def _arrived(sent: Outgoing) -> Record:
    return Record(sent.topic, 0, 8, sent.key, sent.value, sent.headers)


def test_who_applied_it_long_ago_does_not_apply_it_again() -> None:
    """Letters are kept without end, and what a consumer has applied it remembers for some weeks."""
    replayed = _arrived(addressed(LETTER, "intake"))
    assert replayed.topic == "crime.report.v1"
    assert is_for(replayed, "intake")
    assert not is_for(replayed, "dispatch")


def test_what_was_never_replayed_is_for_everybody() -> None:
    assert is_for(Record("crime.report.v1", 0, 7, b"key", b"value", HEADERS), "dispatch")


def test_a_letter_set_aside_again_is_as_it_was_at_first() -> None:
    again = _arrived(addressed(LETTER, "intake"))
    assert original(again).headers == HEADERS
    assert addressed(again, "intake").headers.count(("dlq-for", b"intake")) == 1
