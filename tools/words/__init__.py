"""The catalogues of translations, kept true to the source. `./run words` runs this package.

- `find`: every text of the source that persons may read;
- `catalogues`: the files of one language: brought up to date, compiled, checked;
- `__main__`: the command.
"""
