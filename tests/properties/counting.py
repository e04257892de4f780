"""How often the properties are tried, and how often they were.

Rule: a property is tried in chapters, each of as many runs as the profile of hypothesis says.
Within one, hypothesis remembers all that it tried; 20,000 runs in one take more than a gigabyte.
"""

from collections import Counter

import pytest
from hypothesis import settings

CHAPTERS = 10 if settings.get_current_profile_name() == "thorough" else 1
IN_CHAPTERS = pytest.mark.parametrize("chapter", range(1, CHAPTERS + 1))
RUNS: Counter[str] = Counter()
"""How often each property was tried, by its name."""
