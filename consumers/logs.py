"""Log lines: on standard error, one JSON object a line unless they go to a terminal.

An exception is told by its kind and its place, never by its words: those may quote what somebody
wrote in an event, and a dead letter keeps them.

What the libraries for Kafka and for traces have to say comes out the same way, each kind of line
now and then: a broker that is away makes them say the same thing many times a second.
"""

import logging
import sys
import threading
import time
from traceback import format_tb

import structlog
from structlog.typing import EventDict, ExcInfo

from services.settings import Settings

REPEAT_SECONDS = 30.0


def configure_logging(settings: Settings, **always: str) -> None:
    """Set logging up for this process; `always` stands in every line."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    in_colors = sys.stderr.isatty()
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not in_colors)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=in_colors)
    )
    structlog.configure(
        processors=[
            lambda _logger, _method, event: {**always, **_thread(), **event},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_kind_and_place),
            *([] if as_json else [_visible]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for name in ("kafka", "opentelemetry"):
        library = logging.getLogger(name)
        library.setLevel(logging.WARNING)
        library.propagate = False
        library.handlers = [LibraryHandler(f"{name}_library")]


def _thread() -> dict[str, str]:
    """Who speaks, where several do: a member of a group, or the Kafka client of one."""
    thread = threading.current_thread()
    return {} if thread is threading.main_thread() else {"thread": thread.name}


def _kind_and_place(exc_info: ExcInfo) -> str:
    """Every exception of the chain, the first one first: its kind, and where it was raised."""
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        told.append(f"{kind}\n{''.join(format_tb(error.__traceback__))}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(reversed(told))


def _visible(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What a person reads on a terminal must not be obeyed by the terminal."""
    from consumers.cli.visible import visible

    return {
        key: "\n".join(map(visible, value.split("\n"))) if isinstance(value, str) else value
        for key, value in event.items()
    }


class LibraryHandler(logging.Handler):
    """Passes a library's warnings on, the same kind of line once in `REPEAT_SECONDS`."""

    def __init__(self, event: str = "kafka_library") -> None:
        super().__init__()
        self._event = event
        self._said_at: dict[object, float] = {}
        self._log = structlog.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, unless the same was said a moment ago."""
        now = time.monotonic()
        kind = (record.name, record.msg)
        if now - self._said_at.get(kind, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return
        self._said_at[kind] = now
        self._log.warning(self._event, logger=record.name, said=record.getMessage())
