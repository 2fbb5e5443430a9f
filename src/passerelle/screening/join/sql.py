"""The job as one SQL text: which travellers are close to which entries of a list.

    travellers, entries   tables (id text, first_year int, last_year int, form bytes, blocks bigint[])
    name_score(a, b)      how close the names of two forms are, 0 to 1

Rules kept here:
- two persons are compared only where they share a block, so the join is by block and can be dealt out by it: what
  shares a block meets in one place, and no place needs to know the rest;
- a pair that shares several blocks is compared once, in the place of the least of them, without a table of pairs;
- a traveller's hits are ranked by score; equal scores by id, so that every engine gives the same ones;
- with `years`, pairs whose births cannot be so close are left out; a birth that is unknown leaves nothing out.

The text uses what DuckDB and Spark understand alike: `explode` and `array_min` are Spark's words, and macros in DuckDB.
Numbers are put into the text by `Job.text`; texts of persons never are.
"""

import msgspec

_JOB = """
WITH wanted AS (SELECT id, first_year, last_year, form, blocks, explode(blocks) AS block FROM travellers),
listed AS (SELECT id, first_year, last_year, form, blocks, explode(blocks) AS block FROM entries),
pairs AS (
  SELECT wanted.id AS traveller, wanted.form AS traveller_form, listed.id AS entry, listed.form AS entry_form
  FROM wanted JOIN listed ON wanted.block = listed.block
  WHERE array_min(array_intersect(wanted.blocks, listed.blocks)) = wanted.block{years}
),
scored AS (SELECT traveller, entry, name_score(traveller_form, entry_form) AS score FROM pairs),
ranked AS (
  SELECT traveller, entry, score, row_number() OVER (PARTITION BY traveller ORDER BY score DESC, entry) AS place
  FROM scored
  WHERE score >= {least}
)
SELECT traveller, entry, score, place FROM ranked WHERE place <= {top} ORDER BY traveller, place
"""
_YEARS = """
    AND (wanted.first_year IS NULL OR listed.first_year IS NULL
         OR (listed.first_year - {years} <= wanted.last_year AND wanted.first_year - {years} <= listed.last_year))"""

TWICE = "SELECT id FROM {table} GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1"
"""An id that stands twice in a table, if there is one."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `least`: the score from which on a pair is a hit, 0 to 1. `top`: hits of one traveller at most.

    `years`: how many years two births may be apart, None for any.
    """

    least: float = 0.5
    top: int = 20
    years: int | None = None

    def text(self) -> str:
        """The SQL."""
        years = "" if self.years is None else _YEARS.format(years=int(self.years))
        return _JOB.format(years=years, least=repr(float(self.least)), top=int(self.top))


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that is close. `place`: its rank among those of the traveller, from 1."""

    traveller: str
    entry: str
    score: float
    place: int
