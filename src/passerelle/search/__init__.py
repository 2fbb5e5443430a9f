"""The blind search: whether a partner's index holds a person, asked without telling whom (docs/glossary.md)."""
