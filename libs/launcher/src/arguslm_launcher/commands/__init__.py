"""One module per command. What is heavy is imported when a command runs, not before: `arguslm up`
is a supervisor, and keeps what it once imported for as long as the house stands."""
