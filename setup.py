"""`conformance/` and `fixtures/` stand at the top of the repository and are shipped inside the package.

Their names are too general for site-packages, so they install as `overshoot_testkit.conformance` and
`overshoot_testkit.fixtures`; everything else is declared in pyproject.toml.
"""

from setuptools import find_packages, setup

INSIDE = ("conformance", "fixtures")

packages = find_packages(include=["overshoot_testkit", "overshoot_testkit.*"])
for name in INSIDE:
    packages += [f"overshoot_testkit.{found}" for found in find_packages(include=[name, f"{name}.*"])]

setup(packages=packages, package_dir={f"overshoot_testkit.{name}": name for name in INSIDE})
