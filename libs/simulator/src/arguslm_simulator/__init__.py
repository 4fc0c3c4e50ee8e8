"""An LLM endpoint with known truth: TTFT, gaps, faults, dialects, all set by the caller."""
