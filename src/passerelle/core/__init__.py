"""What everything uses and what knows nobody: errors, identifiers, time, strict JSON, text rules, settings."""
