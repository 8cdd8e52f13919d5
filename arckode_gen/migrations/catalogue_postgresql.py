"""Reads PostgreSQL's catalogue: the definitions as the server writes them back, of the current schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.connection import Connection

_QUERIES = (
    """SELECT 'table ' || relname AS name, relkind::text AS text, obj_description(oid, 'pg_class') AS comment
        FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')""",
    """SELECT 'column ' || c.relname || '.' || a.attname AS name,
           concat_ws(' ', format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attgenerated = 's' THEN 'GENERATED ' || pg_get_expr(d.adbin, d.adrelid) END,
               CASE WHEN a.attidentity <> '' THEN 'IDENTITY ' || a.attidentity::text END,
               CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || l.collname END) AS text,
           CASE WHEN a.attnotnull THEN 'NOT NULL' END AS null,
           CASE WHEN pg_get_serial_sequence(c.oid::regclass::text, a.attname) IS NOT NULL
                     AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')
                THEN 'its own sequence'
                WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
           col_description(c.oid, a.attnum) AS comment
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    """SELECT CASE n.contype WHEN 'c' THEN 'check ' WHEN 'f' THEN 'foreign key ' WHEN 'p' THEN 'primary key '
                              WHEN 'u' THEN 'unique ' ELSE 'constraint ' END || c.relname || '.' || n.conname AS name,
           pg_get_constraintdef(n.oid, true) AS text
        FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
        WHERE n.connamespace = current_schema()::regnamespace AND n.contype IN ('c', 'f', 'p', 'u', 'x')""",
    """SELECT 'index ' || t.relname || '.' || c.relname AS name,
           pg_get_indexdef(i.indexrelid, 0, true) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END AS text
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        WHERE c.relnamespace = current_schema()::regnamespace
          AND NOT EXISTS (
            SELECT 1 FROM pg_constraint n WHERE n.conindid = i.indexrelid AND n.contype IN ('p', 'u', 'x'))""",
    """SELECT 'trigger ' || c.relname || '.' || t.tgname AS name, pg_get_triggerdef(t.oid, true) AS text
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal""",
    """SELECT 'view ' || relname AS name, pg_get_viewdef(oid, true) AS text
        FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('v', 'm')""",
    """SELECT 'enum ' || t.typname AS name, json_agg(e.enumlabel ORDER BY e.enumsortorder)::text AS text
        FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
        WHERE t.typnamespace = current_schema()::regnamespace GROUP BY t.typname""",
    """SELECT 'domain ' || t.typname AS name,
           concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
               'DEFAULT ' || t.typdefault,
               (SELECT string_agg(pg_get_constraintdef(n.oid, true), ' ' ORDER BY n.conname)
                FROM pg_constraint n WHERE n.contypid = t.oid AND n.contype = 'c')) AS text
        FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype = 'd'""",
    """SELECT 'sequence ' || c.relname AS name, format_type(s.seqtypid, NULL) AS text
        FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace""",
    """SELECT 'routine ' || p.oid::regprocedure AS name, p.prosrc AS text
        FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
)


async def read(connection: Connection) -> Catalogue:
    """Return every object under its name."""
    found: Catalogue = {}
    for query in _QUERIES:
        for row in await connection.fetch(query):
            kind, _, name = str(row["name"]).partition(" ")
            facets = {facet: row.get(facet) for facet in ("null", "default", "comment")}
            found[f"{kind} {name}"] = str(row["text"])
            found |= {f"{facet} {name}": str(text) for facet, text in facets.items() if text is not None}
    return found
