"""The words: events, subjects, streams, permissions and REST schemas of ArgusLM."""
