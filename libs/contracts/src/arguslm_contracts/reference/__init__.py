"""The generated parts of `docs/`: who says what to whom, and what each event holds."""
