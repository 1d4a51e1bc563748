import pg from "pg";

/** What makes up a schema, a query each, every thing a line of text; what is `migration`'s own is left out. */
const parts: readonly string[] = [
  `select format('schema %s', nspname) as line from pg_namespace
   where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  `select format('extension %s', extname) as line from pg_extension`,
  `select format('relation %s %s %s options=%s rows=%s %s acl=%s comment=%s', c.relkind, c.oid::regclass, c.relpersistence,
     c.reloptions, c.relrowsecurity, c.relreplident, c.relacl, obj_description(c.oid, 'pg_class')) as line
   from pg_class c where c.relnamespace = 'public'::regnamespace`,
  // By its place among those that are left: what was dropped before it leaves a hole that nobody sees.
  `select format('column %s.%s at %s %s notnull=%s default=%s identity=%s generated=%s collation=%s storage=%s comment=%s',
     a.attrelid::regclass, a.attname, row_number() over (partition by a.attrelid order by a.attnum),
     format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
     a.attcollation::regcollation, a.attstorage, col_description(a.attrelid, a.attnum)) as line
   from pg_attribute a join pg_class c on c.oid = a.attrelid
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
     and a.attnum > 0 and not a.attisdropped`,
  `select format('constraint %s on %s: %s valid=%s', conname, conrelid::regclass, pg_get_constraintdef(oid), convalidated)
     as line from pg_constraint where connamespace = 'public'::regnamespace`,
  `select format('index %s valid=%s', pg_get_indexdef(i.indexrelid), i.indisvalid) as line
   from pg_index i join pg_class c on c.oid = i.indexrelid where c.relnamespace = 'public'::regnamespace`,
  `select format('trigger %s enabled=%s', pg_get_triggerdef(t.oid), t.tgenabled) as line
   from pg_trigger t join pg_class c on c.oid = t.tgrelid
   where c.relnamespace = 'public'::regnamespace and not t.tgisinternal`,
  `select pg_get_functiondef(p.oid) as line from pg_proc p
   where p.pronamespace = 'public'::regnamespace and p.prokind in ('f', 'p')
     and not exists (select from pg_depend where objid = p.oid and deptype = 'e')`,
  `select format('view %s: %s', c.oid::regclass, pg_get_viewdef(c.oid)) as line from pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')`,
  `select format('type %s %s labels=%s', t.typname, t.typtype,
     (select array_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)) as line
   from pg_type t where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')`,
  `select format('sequence %s %s start=%s by=%s min=%s max=%s cycle=%s', sequencename, data_type, start_value, increment_by,
     min_value, max_value, cycle) as line from pg_sequences where schemaname = 'public'`,
  `select format('policy %s on %s: %s %s', polname, polrelid::regclass, pg_get_expr(polqual, polrelid), polcmd) as line
   from pg_policy`,
];

/** A schema as text, and the rows that its steps put into it: equal schemas, equal lines. */
export async function readCatalog(url: string): Promise<string[]> {
  const connection = new pg.Client({ connectionString: url, application_name: "catalog" });
  await connection.connect();
  try {
    const lines: string[] = [];
    for (const part of parts) {
      const { rows } = await connection.query<{ line: string }>(part);
      lines.push(...rows.map(({ line }) => line));
    }
    const tables = await connection.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
    );
    for (const { name } of tables.rows) {
      const { rows } = await connection.query<{ line: string }>(
        // A secret is drawn anew by whoever goes up: that there is one is what counts.
        `select (case when to_jsonb(t) ? 'secret' then to_jsonb(t) || '{"secret": "drawn"}' else to_jsonb(t) end)::text as line
         from ${name} t`,
      );
      lines.push(...rows.map(({ line }) => `row of ${name}: ${line}`));
    }
    return lines.filter((line) => !/\bmigration(_pkey)?\b/.test(line)).toSorted();
  } finally {
    await connection.end();
  }
}
