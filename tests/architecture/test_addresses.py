"""Can everything here be built elsewhere? No file names the machine or the hosts of one builder."""

import re

from tests.architecture.tree import ROOT, relative, text_files

# In two parts each, so that this file does not name them either.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("static", "crates", "io"),
        ("proxy", "golang", "org"),
        ("deb", "debian", "org"),
    )
)
BUILD_PATH = re.compile(r"(?<![\w./-])/(?:root|work|home/\w+|Users/\w+|tmp/[\w.-]+)/\w")


def test_no_file_names_a_package_registry() -> None:
    named = {
        f"{relative(path)}: {host}"
        for path in text_files()
        for host in REGISTRY_HOSTS
        if host in path.read_text(encoding="utf-8", errors="replace")
    }

    assert named == set()


def test_no_file_names_a_folder_of_one_machine() -> None:
    named = {
        f"{relative(path)}:{number} {line.strip()[:80]}"
        for path in text_files()
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if BUILD_PATH.search(line) or str(ROOT) in line
    }

    assert named == set()
