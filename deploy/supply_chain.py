"""`python -m deploy.supply_chain sbom|audit`: what is shipped, and what is known against it.

Rule: both look at `requirements.txt`, where everything that is installed stands with its hashes,
and at nothing that happens to be installed here. That no service answers is said, and no failure.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
REQUIREMENTS: Final = ROOT / "requirements.txt"
SBOM: Final = ROOT / "build" / "sbom.cdx.json"

_SECONDS = 90  # all of the audit; `make check` does not wait longer for somebody else's service
_AUDIT = (
    *("-m", "pip_audit", "--requirement", str(REQUIREMENTS), "--require-hashes", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "5"),
)
_SBOM = (
    *("-m", "cyclonedx_py", "requirements", str(REQUIREMENTS)),
    *("--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"),
    *("--output-format", "JSON", "--output-file", str(SBOM)),
)


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit came to, in words; `found` if something is known against what is shipped."""

    found: bool
    words: str


def audit() -> Audited:
    """Ask the vulnerability service about every pinned package."""
    try:
        done = subprocess.run(
            [sys.executable, *_AUDIT],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return _skipped(f"no answer within {_SECONDS} seconds")
    return judged(done.stdout, done.stderr)


def judged(answer: str, errors: str) -> Audited:
    """What an answer of the auditor means; without one, what it complained of last is why."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return _skipped((errors.strip().splitlines() or ["it said nothing"])[-1])
    known = [each for each in packages if "skip_reason" not in each]
    if not known:
        return _skipped("it knows none of the packages")
    against = [
        f"  {each['name']} {each['version']}: {bug['id']}"
        f" (mended in {', '.join(bug['fix_versions']) or 'no version yet'})"
        for each in known
        for bug in each["vulns"]
    ]
    looked_at = f"audit: {len(known)} of {len(packages)} packages are known to the service"
    if against:
        return Audited(True, "\n".join([f"{looked_at}; known against them:", *against]))
    return Audited(False, f"{looked_at}, and nothing is known against them")


def sbom() -> None:
    """Write the bill of materials of what is shipped, CycloneDX as JSON."""
    SBOM.parent.mkdir(exist_ok=True)
    subprocess.run([sys.executable, *_SBOM], check=True)


def main() -> int:
    """Do as asked; exits with 1 if something is known against what is shipped."""
    if sys.argv[1:] == ["sbom"]:
        sbom()
        sys.stdout.write(f"{SBOM.relative_to(ROOT)}\n")
        return 0
    if sys.argv[1:] == ["audit"]:
        audited = audit()
        sys.stdout.write(f"{audited.words}\n")
        return 1 if audited.found else 0
    sys.stderr.write("usage: python -m deploy.supply_chain sbom|audit\n")
    return 2


def _skipped(why: str) -> Audited:
    return Audited(False, f"audit: SKIPPED, the vulnerability service did not answer ({why[:200]})")


if __name__ == "__main__":
    sys.exit(main())
