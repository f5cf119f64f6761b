import { createHash } from "node:crypto";

/** A statement by name; one constant each. `millrace.` in it stands for the schema. */
export interface NamedSql {
  readonly name: string;
  readonly sql: string;
}

/**
 * The condition of a join that looks rows up by a key. Written as an ordinary equality, a plan that is made while the table
 * is empty may read the table through once and compare, and is then used when it holds a million rows; of this one a plan
 * can make nothing but a look into the index.
 * @param column of the table, the first of an index
 */
export function lookUp(column: string, value: string): string {
  return `${column} = ANY (ARRAY[${value}])`;
}

/** As `lookUp`, and a little faster, where the rows are neither locked nor changed: what is joined, and its condition. */
export function lookUpRow(table: string, name: string, condition: string): string {
  return `JOIN LATERAL (SELECT * FROM millrace.${table} ${name} WHERE ${condition} OFFSET 0) ${name} ON true`;
}

/** Rewrites a statement before it is prepared. Tests break rules on purpose with it; nothing else may use it. */
export type EditSql = (name: string, sql: string) => string;

export interface Prepared {
  /** Under which the server keeps its plan; `null` for a statement that is asked once. */
  readonly name: string | null;
  readonly text: string;
}

/** The statements of a store, written out for its schema. */
export class Statements {
  readonly schema: string;
  readonly #prefix: string;
  readonly #edit: EditSql | undefined;
  readonly #prepared = new Map<NamedSql, Prepared>();

  constructor(schema: string, edit?: EditSql) {
    this.schema = schema;
    this.#prefix = `${quoteName(schema)}.`;
    this.#edit = edit;
  }

  prepare(statement: NamedSql): Prepared {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      const { name, sql } = statement;
      const text = this.inSchema(this.#edit === undefined ? sql : this.#edit(name, sql));
      prepared = { name: `millrace_${name.toLowerCase()}_${digest(text)}`, text };
      this.#prepared.set(statement, prepared);
    }
    return prepared;
  }

  inSchema(sql: string): string {
    return sql.replaceAll(/\bmillrace\./g, () => this.#prefix);
  }
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Two versions of Millrace, or two schemas, may meet on one connection of a pooler: the name says which text it is. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
