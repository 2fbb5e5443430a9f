"""The exchange of messages between two nodes: outbox, sequencer, batches, inbox with its numbered checks, generations."""
