"""What mediation does to the chat between buyer and seller.

Rule: the chat is locked from the first dispute on, and only a relaunch unlocks it (rules 2 and 9).
Nothing unlocks the chat of an order that mediation closed.
"""

from schemas.effects import ChatLocked, ChatUnlocked
from services.rules.change import Change, E


def lock(change: Change[E]) -> None:
    """Buyer and seller can no longer talk directly (rule 2)."""
    change.chat_locked = True
    change.emit(ChatLocked(**change.stamp(ChatLocked.topic)))


def unlock(change: Change[E]) -> None:
    """Buyer and seller can talk again, since the order goes on (rule 9)."""
    change.chat_locked = False
    change.emit(ChatUnlocked(**change.stamp(ChatUnlocked.topic)))
