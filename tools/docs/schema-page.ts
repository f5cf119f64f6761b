import { MIGRATIONS } from "../../packages/millrace/src/stores/sqlite/migrations/index.ts";
import { Source } from "./doc-comments.ts";
import { code, table } from "./markdown.ts";

/** A statement of a migration, with the comment above it. */
interface Statement {
  readonly kind: string;
  readonly name: string;
  readonly comment: string;
  readonly sql: string;
}

export function schemaPage(): string {
  const statements = MIGRATIONS.flatMap(({ sql }) => statementsOf(sql));
  const first = MIGRATIONS[0];
  const about =
    first === undefined ? "" : new Source("stores/sqlite/migrations/0001-membership.ts").docOf(first.name).text;
  const views = statements.filter(({ kind }) => kind === "VIEW");
  return `# Schema

The tables of a SQLite store. \`millrace migrate --plan\` prints the SQL. ${about}

The tables are for reading; write through the library or the command line only. For a look at the jobs there is
[the view](#millrace_jobs), which joins them back into one row each.

${table(
  ["version", "step", "compatible with programs of the version before"],
  MIGRATIONS.map(({ version, name, isCompatible }) => [String(version), name, isCompatible ? "yes" : "no"]),
)}

${statements
  .filter(({ kind }) => kind === "TABLE")
  .map((statement) => tableSection(statement, statements))
  .join("\n\n")}

${views.map(viewSection).join("\n\n")}
`;
}

/** Statements end with a semicolon at the end of a line that is not indented, or with `END;`. */
function statementsOf(sql: string): readonly Statement[] {
  return sql
    .split(/;\n(?=\n|CREATE|ALTER|--|$)/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const lines = part.split("\n");
      const start = lines.findIndex((line) => !line.startsWith("--"));
      const statement = lines.slice(start).join("\n");
      const match = /^(?:CREATE (?:UNIQUE )?)?(TABLE|INDEX|TRIGGER|VIEW|ALTER TABLE) (\w+)/.exec(statement);
      if (match?.[1] === undefined || match[2] === undefined) {
        throw new Error(`schema-page.ts does not understand the statement: ${statement.slice(0, 60)}`);
      }
      const comment = lines
        .slice(0, start)
        .map((line) => line.slice(2).trim())
        .join(" ");
      return { kind: match[1], name: match[2], comment, sql: statement };
    });
}

function tableSection({ name, comment, sql }: Statement, all: readonly Statement[]): string {
  const rows: string[][] = [];
  const rules: string[] = [];
  let remark = "";
  const added = all.flatMap((one) => (one.kind === "ALTER TABLE" && one.name === name ? addedColumn(one) : []));
  for (const raw of [...sql.split("\n").slice(1, -1), ...added]) {
    const line = raw.trim().replace(/,$/, "");
    if (line.startsWith("--")) remark = line.slice(2).trim();
    else if (/^(?:CHECK|UNIQUE|PRIMARY KEY) ?\(/.test(line)) rules.push(line);
    else {
      const [, column = "", type = "", rest = ""] = /^("?\w+"?)\s+(\w+)\s*(.*)$/.exec(line) ?? [];
      const isNull = !/NOT NULL|PRIMARY KEY/.test(rest);
      const rule = rest.replace("NOT NULL", "").replaceAll(/\s+/g, " ").trim();
      rows.push([
        code(column.replaceAll('"', "")),
        type,
        isNull ? "yes" : "",
        [remark, rule === "" ? "" : code(rule)].join(" ").trim(),
      ]);
      remark = "";
    }
  }
  const others = all.filter(
    ({ kind, sql: text }) =>
      (kind === "INDEX" || kind === "TRIGGER") && new RegExp(String.raw`\bON ${name}\b`).test(text),
  );
  const list = [...rules, ...others.map(({ sql: text }) => text.replaceAll(/\s+/g, " "))].map(
    (rule) => `- ${code(rule)}`,
  );
  return [`## ${name}`, comment, table(["column", "type", "may be null", "rules"], rows), list.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A column of a later step, as it would stand in the table. */
function addedColumn({ comment, sql }: Statement): readonly string[] {
  const column = /^ALTER TABLE \w+ ADD COLUMN (.+)$/.exec(sql)?.[1];
  if (column === undefined) throw new Error(`schema-page.ts does not understand the statement: ${sql.slice(0, 60)}`);
  return comment === "" ? [column] : [`-- ${comment}`, column];
}

function viewSection({ name, comment, sql }: Statement): string {
  return [`## ${name}`, comment, `\`\`\`sql\n${sql};\n\`\`\``].filter((part) => part !== "").join("\n\n");
}
