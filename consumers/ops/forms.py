"""What was filled into a form, as browsers send it."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

Said = Mapping[str, str]
_MOST_FIELDS = 300


async def fields_of(request: Request) -> list[tuple[str, str]]:
    """The fields of a form in their order; none if it is not one. The guard bounds its length."""
    body = await request.body()
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []
