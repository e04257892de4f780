"""What a process must find on the broker when it starts: its topics, and the right to use them."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Final

from consumers.broker import Admin
from services.errors import RefusedError
from services.settings import Settings

_WHICH_ACLS: Final = "deploy/kafka/acls.json says which ACLs each principal needs"
_OR_NOT_SEEN: Final = f"; or this user may not see them: {_WHICH_ACLS}"


def require_topics(settings: Settings, needed: Mapping[str, str], group: str | None = None) -> None:
    """Raises `RefusedError`, with its remedy, unless these topics exist and may be used so.

    `needed` says of each whether it is to READ or to WRITE; and `group` may be joined. What is not
    asked for need not exist, and on a broker with ACLs it is not seen.
    """
    with closing(Admin(settings)) as admin:
        _require_topics(settings, *admin.lacking(needed))
        if group is not None and settings.kafka_security_protocol != "PLAINTEXT":
            admin.require_group(group)


def _require_topics(settings: Settings, missing: Sequence[str], refused: Sequence[str]) -> None:
    if missing:
        raise RefusedError(
            f"topics do not exist: {', '.join(missing)}: run `mediation topics create`"
            f"{_OR_NOT_SEEN if settings.kafka_security_protocol != 'PLAINTEXT' else ''}"
        )
    if refused:
        raise RefusedError(
            f"{settings.kafka_sasl_username or 'its certificate'} may not use:"
            f" {', '.join(refused)}: {_WHICH_ACLS}"
        )
