"""Styles against their planted truth: `python -m bench.styles --seeds 5`.

For each seed, a year of the simulated world: how many styles are found, and the share
of looks given to the style that they were drawn from (styles matched one to one). The
ceiling is what the chances estimated from the truth itself would give; NMF and a
Gaussian mixture on the same vectors are told the true number.
"""

from __future__ import annotations

import argparse
import time
from datetime import date

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF
from sklearn.mixture import GaussianMixture

from bench.style_worlds import draw_days, looks_of
from trendlab.signals.styles import assign_styles, find_styles
from trendlab.signals.styles.looks import describe_looks, name_attributes
from trendlab.signals.styles.mixture import maximise, weigh

LAST_DAY = date(2026, 3, 1)
# 52 days of as many looks: about the 12,000 that a fit takes at the most
LOOKS_A_DAY = 230


def matched_share(given: np.ndarray, planted: np.ndarray) -> float:
    both = np.zeros((given.max() + 1, planted.max() + 1))
    np.add.at(both, (given, planted), 1)
    rows, columns = linear_sum_assignment(-both)
    return float(both[rows, columns].sum() / len(planted))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    print("seed  found  agreement  matched  ceiling  NMF   Gauss  seconds")
    for seed in range(1, seeds + 1):
        days, _ = draw_days(LAST_DAY, weeks=52, looks_count=LOOKS_A_DAY, seed=seed)
        looks, names = looks_of(days)
        known = sorted(set(names))
        planted = np.array([known.index(name) for name in names])
        begun = time.monotonic()
        found = find_styles(looks)
        seconds = time.monotonic() - begun
        if found is None:
            print(f"{seed:4}  none")
            continue
        attributes = name_attributes(looks)
        vectors = describe_looks(looks, attributes)
        truth = maximise(np.eye(len(known))[planted], vectors, attributes)
        parts = NMF(len(known), init="nndsvda", max_iter=400, random_state=0)
        gauss = GaussianMixture(len(known), n_init=2, reg_covar=1e-3, random_state=0)
        shares = [
            matched_share(assign_styles(found, looks)[0], planted),
            matched_share(weigh(truth, vectors)[0].argmax(axis=1), planted),
            matched_share(parts.fit_transform(vectors).argmax(axis=1), planted),
            matched_share(gauss.fit_predict(vectors), planted),
        ]
        print(
            f"{seed:4}  {found.mixture.count:5}  {found.agreement:9.3f}  "
            + "  ".join(f"{share:5.3f}" for share in shares)
            + f"  {seconds:5.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
