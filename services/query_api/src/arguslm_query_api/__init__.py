"""The only door: commands in, tables out, live stream, dashboard files."""
