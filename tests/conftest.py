"""How Hypothesis draws: the same examples each time, unless one explores.

`make test` must say the same of the same code. To look for new counterexamples:
`HYPOTHESIS_PROFILE=explore python -m pytest`.
"""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
