"""The grammar: topology, publisher, projector, decider and worker over NATS JetStream."""
