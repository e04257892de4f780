"""An empty broker for every test, on a broker that all of them share.

Rule: only what the test itself brought is removed; a broker that the environment names may hold
things of others.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove
from kafka.errors import KafkaError

from tests.brokers.broker import Broker
from tests.eventually import eventually


@contextmanager
def left_as_found(broker: Broker) -> Iterator[Broker]:
    """Remove the topics and the consumer groups that appear while the context lasts."""
    admin = KafkaAdminClient(**broker.client_options())
    try:
        topics, groups = _topics(admin), _groups(admin)
        yield broker
        for group in _groups(admin) - groups:
            eventually(
                partial(_is_gone, admin, group),
                message=f"the consumer group {group} can be deleted",
            )
        if new := _topics(admin) - topics:
            admin.delete_topics(sorted(new))
            eventually(lambda: not _topics(admin) & new, message="the topics are deleted")
    finally:
        admin.close()


def _topics(admin: KafkaAdminClient) -> set[str]:
    return {topic for topic in admin.list_topics() if not topic.startswith("__")}


def _groups(admin: KafkaAdminClient) -> set[str]:
    return {group["group_id"] for group in admin.list_groups()}


def _is_gone(admin: KafkaAdminClient, group: str) -> bool:
    """Delete a group, after sending away the members that a killed process left in it."""
    members = admin.describe_groups([group])[group]["members"]
    if members:
        leaving = [MemberToRemove(member_id=member["member_id"]) for member in members]
        admin.remove_group_members(group, leaving)
    try:
        admin.delete_groups([group])
    except KafkaError:
        return group not in _groups(admin)
    return True
