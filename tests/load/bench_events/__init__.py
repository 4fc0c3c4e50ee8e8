"""The event core, measured."""
