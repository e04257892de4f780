"""The one way in which a source of brokers says no."""


class UnavailableError(Exception):
    """There is no broker to be had here; the message says why, and what would bring one."""
