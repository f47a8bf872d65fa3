"""Kafka, confined: nothing outside this package imports the client library.

`Producer` and `Consumer` are for the worker; the rest asks and prepares the broker for the command line.
"""

from kafka.errors import KafkaError as BrokerError

from services.kernel.kafka.consumer import Consumer
from services.kernel.kafka.groups import Unread, UnreadWatch, lag, unread
from services.kernel.kafka.producer import Producer
from services.kernel.kafka.records import Failure, Handler, Outgoing, Partition, Progress, Record
from services.kernel.kafka.topics import create_topics, dead_letter_topic, find_record, scan

__all__ = [
    "BrokerError",
    "Consumer",
    "Failure",
    "Handler",
    "Outgoing",
    "Partition",
    "Producer",
    "Progress",
    "Record",
    "Unread",
    "UnreadWatch",
    "create_topics",
    "dead_letter_topic",
    "find_record",
    "lag",
    "scan",
    "unread",
]
