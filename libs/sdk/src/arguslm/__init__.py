"""Watch LLM endpoints: SDK and command line of ArgusLM."""
