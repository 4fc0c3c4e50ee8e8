"""The fixtures of the test kit, for every room."""

pytest_plugins = ["arguslm_testkit.fixtures"]
