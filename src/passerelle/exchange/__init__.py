"""The exchange of messages between two nodes: outbox, sequencer, batches, inbox with numbered checks, generations."""
