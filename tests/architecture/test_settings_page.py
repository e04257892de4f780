"""Does the page of settings say what can be set?"""

import pytest

from services.settings import load_settings
from services.settings_page import Setting, every_setting, page
from tests.architecture.documents import text_of

SETTINGS = {each.name: each for each in every_setting()}


def test_the_page_is_what_the_settings_say() -> None:
    assert text_of("docs/settings.md") == page(), "stale: run `make fix`"


def test_every_setting_is_on_it_with_its_meaning() -> None:
    names = {f"MEDIATION_{name.upper()}" for name, _ in load_settings().items()}

    assert SETTINGS.keys() == names
    assert [each.name for each in SETTINGS.values() if not each.meaning] == []


@pytest.mark.parametrize(
    "expected",
    [
        Setting("MEDIATION_MEMBERS", "whole number, 1 or more, at most 8", "2", ""),
        Setting("MEDIATION_FLOOD_LIMIT", "number, above 0, at most 1", "0.5", ""),
        Setting("MEDIATION_OPS_TOKEN", "secret, 16 characters or more", None, ""),
        Setting("MEDIATION_LOG_FORMAT", "`auto` or `json` or `console`", "auto", ""),
        Setting("MEDIATION_VERDICT_KEYS", "path", None, ""),
    ],
    ids=lambda each: each.name,
)
def test_a_setting_is_told_with_its_kind_its_bounds_and_its_default(expected: Setting) -> None:
    found = SETTINGS[expected.name]

    assert (found.kind, found.default) == (expected.kind, expected.default)
