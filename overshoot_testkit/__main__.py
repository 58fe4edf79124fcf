"""`python -m overshoot_testkit`: as `overshoot-testkit`."""

from overshoot_testkit.cli import main

if __name__ == "__main__":
    main()
