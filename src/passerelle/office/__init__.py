"""What officers do: people, policy, workflow, deadlines."""
