"""The senses: provider catalogue, discovery, request building, wire transport, decoders, outcomes."""
