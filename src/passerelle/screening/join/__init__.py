"""A list too large for one process: travellers and entries as two tables, and the same job as one SQL text.

`lines` reads two files of JSON lines into tables on disk, `sql` is the job, `functions` are the three functions that it
calls, `in_duckdb` and `in_spark` run it: DuckDB in this process, Spark wherever it has machines. `joining` puts them
together. Both give the same pairs with the same scores, because the text and the functions are the same.

No other module of the product knows these libraries (import-linter).
"""
