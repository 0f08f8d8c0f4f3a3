/** The second wall around a table of tenants. FORCE, because the owner of a table would walk past it; no setting means no row. */
export function wallAround(table: string, grants = 'select, insert, update'): string {
  const inReach = `brand_id = nullif(current_setting('app.brand_id', true), '')::uuid or current_setting('app.all_brands', true) = 'on'`;
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant on ${table} using (${inReach}) with check (${inReach});
    grant ${grants} on ${table} to latchkey_runtime;
  `;
}
