"""Words that may not name a table, a column or an attribute, as plain data so that nothing heavy is imported.

`SQL_WORDS` is what at least one of SQLite, PostgreSQL 15-17, MySQL 8-9 and MariaDB 10.11 refuses without quotes as the
name of a table or a column. It was made by trying every candidate on SQLite and MariaDB, asking PostgreSQL's
`pg_get_keywords()`, and reading MySQL's list of reserved words. SQLAlchemy's own lists are longer, since quoting a word
too many is harmless: it quotes `position` or `role`, which every engine takes as they are.
"""

from __future__ import annotations

import keyword


def _words(text: str) -> list[str]:
    return text.split()


SQL_WORDS = frozenset(
    _words("""
accessible add all alter analyse analyze and any array as asc asensitive asymmetric authorization
autoincrement before between bigint binary blob both by call cascade case cast change char character check
collate collation column commit concurrently condition constraint continue convert create cross cube cume_dist
current_catalog current_date current_role current_schema current_time current_timestamp current_user cursor
database databases day_hour day_microsecond day_minute day_second dec decimal declare default deferrable
delayed delete dense_rank desc describe deterministic distinct distinctrow div do do_domain_ids double drop
dual each else elseif empty enclosed end escape escaped except exists exit explain false fetch first_value
float float4 float8 for force foreign freeze from full fulltext function generated get grant group grouping
groups having high_priority hour_microsecond hour_minute hour_second if ignore ignore_domain_ids ilike in
index infile initially inner inout insensitive insert int int1 int2 int3 int4 int8 integer intersect interval
into io_after_gtids io_before_gtids is isnull iterate join json_table key keys kill lag last_value lateral
lead leading leave left library like limit linear lines load localtime localtimestamp lock long longblob
longtext loop low_priority manual master_bind master_ssl_verify_server_cert match maxvalue mediumblob
mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural no_write_to_binlog not
notnull nth_value ntile null numeric of offset on only optimize optimizer_costs option optionally or order out
outer outfile over overlaps page_checksum parallel parse_vcol_expr partition percent_rank placing precision
primary procedure purge qualify range rank read read_write reads real recursive ref_system_id references
regexp release rename repeat replace require resignal restrict return returning revoke right rlike row
row_number rows schema schemas second_microsecond select sensitive separator session_user set show signal
similar smallint some spatial specific sql sql_after_gtids sql_before_gtids sql_big_result sql_calc_found_rows
sql_small_result sqlexception sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent
stats_sample_pages stored straight_join symmetric system system_user table tablesample terminated then
tinyblob tinyint tinytext to trailing transaction trigger true undo union unique unlock unsigned update usage
use user using utc_date utc_time utc_timestamp values varbinary varchar varcharacter variadic varying verbose
virtual when where while window with write xor year_month zerofill
""")
)

PYTHON_WORDS = frozenset(keyword.kwlist) | {"self", "cls"}

# The kernel's model carries these columns itself.
KERNEL_COLUMNS = frozenset({"id", "created_at", "updated_at", "deleted_at", "version"})

# Names that SQLAlchemy's declarative classes, pydantic's models or an annotation beside them need. A field may have the
# name: its attribute gets an underscore, its column and its JSON name do not.
TAKEN_ATTRIBUTES = frozenset(
    _words("""
bool bytes classmethod construct copy dict dt filterable float from_orm frozenset int json l list listing metadata
model_computed_fields model_config model_construct model_copy model_extra model_fields model_fields_set
model_json_schema model_parametrized_name model_post_init model_rebuild mro object parse_file parse_obj parse_raw
property register registry schema_json searchable set sortable staticmethod str super tuple type_annotation_map
update_forward_refs validate values
""")
)

# What pydantic adds to its models starts so, and there is more with every release.
TAKEN_PREFIXES = ("model_validate", "model_dump")

# What the list action's query string already means; a filter by such a column is spelt `<column>_eq`.
QUERY_NAMES = frozenset({"page", "limit", "search", "sort", "total"})

# Folders, files and routes of a generated project that a module of this name would hide.
PROJECT_NAMES = frozenset(
    _words("""
app composition_root connector connectors docs health kernel main migration migrations module modules openapi ready
redoc seed seeds setting settings test tests
""")
)

# Classes that every generated module imports; an entity called like one would hide it.
CLASS_NAMES = frozenset(
    _words("""
annotated any api_model api_router async_client boolean connector date date_time decimal entity enum exact_numeric field
foreign_key guid index integer json kernel list_query long_text mapped mapping memory_repository module_router
not_found_error numeric page page_out port principal protocol query query_model repository_adapter search sequence
soft_deleted sql_repository str_enum string text time timestamped unique_constraint uuid validation_error
""")
)
