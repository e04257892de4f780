"""The way to Kafka: the only package that imports the client library.

Offsets are committed by hand, after the database has committed. Auto-commit, starting at the end of
a topic and topics that appear by accident are the library's defaults; none of them is safe here.
"""

from consumers.broker.admin import Admin
from consumers.broker.consumer import Consumer
from consumers.broker.publisher import Publisher
from consumers.broker.reader import TopicReader

__all__ = ["Admin", "Consumer", "Publisher", "TopicReader"]
