"""The senses: catalogue, discovery, request building, wire transport, decoders, outcomes."""
