"""Is it known what is shipped, and is it said what is known against it?"""

import json
import re
import subprocess
import sys

import pytest

from deploy.supply_chain import REQUIREMENTS, SBOM, Audited, judged, sbom
from tests.architecture.test_requirements import pins
from tests.architecture.tree import ROOT

GOOD = {"name": "good", "version": "1.0", "vulns": []}
BAD = {
    "name": "bad",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}


def answer(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_the_bill_of_materials_names_every_pin_with_its_hashes() -> None:
    sbom()

    components = json.loads(SBOM.read_text())["components"]
    named = {each["name"]: each["version"] for each in components}
    hashes = {
        digest["content"]
        for each in components
        for reference in each.get("externalReferences", [])
        for digest in reference.get("hashes", [])
    }
    assert named.keys() == pins("requirements.txt").keys()
    assert set(named.values()) <= set(pins("requirements.txt").values())
    assert hashes == set(re.findall(r"--hash=sha256:([0-9a-f]{64})", REQUIREMENTS.read_text()))


def test_what_is_known_against_a_package_fails_the_audit() -> None:
    found = judged(answer(GOOD, BAD, UNKNOWN), "")

    assert found.found
    assert "2 of 3 packages" in found.words
    assert "bad 2.0: PYSEC-1 (mended in 2.1)" in found.words
    assert "bad 2.0: PYSEC-2 (mended in no version yet)" in found.words


def test_nothing_known_is_said_with_how_many_were_looked_at() -> None:
    found = judged(answer(GOOD, UNKNOWN), "")

    assert found == Audited(
        False, "audit: 1 of 2 packages are known to the service, and nothing is known against them"
    )


@pytest.mark.parametrize(
    ("said", "errors", "why"),
    [
        ("", "one\nERROR: Could not connect", "ERROR: Could not connect"),
        ("", "", "it said nothing"),
        ("[]", "", "it said nothing"),
        ("{}", "", "it said nothing"),
        (answer(UNKNOWN), "", "it knows none of the packages"),
    ],
)
def test_no_answer_is_said_and_is_no_failure(said: str, errors: str, why: str) -> None:
    assert judged(said, errors) == Audited(
        False, f"audit: SKIPPED, the vulnerability service did not answer ({why})"
    )


def test_an_unreachable_service_is_told_and_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)

    done = subprocess.run(
        [sys.executable, "-m", "deploy.supply_chain", "audit"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout[:14]) == (0, "audit: SKIPPED")
