"""Does every command explain itself, with an example?"""

import pytest
from typer.testing import CliRunner

from consumers.bootstrap import OPS, PROCESSES
from consumers.cli.app import app
from consumers.cli.process import Process


@pytest.mark.parametrize(
    "command",
    [
        *("demo", "dev", "run", "publish", "doctor", "prune"),
        *("case show", "dead-letters list", "dead-letters show"),
        *("dead-letters replay", "dead-letters discard", "dead-letters restore"),
        *("topics create", "db upgrade", "config show"),
        *("keys generate", "keys list"),
    ],
)
def test_the_help_of_a_command_has_an_example(command: str) -> None:
    ended = CliRunner().invoke(app, [*command.split(), "--help"])

    assert ended.exit_code == 0
    assert f"Example: mediation {command}" in " ".join(ended.output.split())


@pytest.mark.parametrize("group", ["", "case", "dead-letters", "topics", "db", "keys", "config"])
def test_the_help_of_a_group_has_an_example(group: str) -> None:
    ended = CliRunner().invoke(app, [*group.split(), "--help"])

    assert ended.exit_code == 0
    assert f"Example: mediation {group}".strip() in " ".join(ended.output.split())


def test_every_process_of_the_pipeline_can_be_run() -> None:
    assert tuple(Process) == (*PROCESSES, OPS)
