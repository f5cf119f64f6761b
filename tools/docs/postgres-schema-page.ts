import { MIGRATIONS } from "../../packages/millrace/src/stores/postgres/migrations/index.ts";
import { sqlOf } from "../../packages/millrace/src/stores/postgres/schema.ts";
import { Statements } from "../../packages/millrace/src/stores/postgres/statements.ts";
import { Source } from "./doc-comments.ts";
import { table } from "./markdown.ts";

/** The schema on PostgreSQL as its SQL, which says with its comments all there is to say. */
export function postgresSchemaPage(): string {
  const statements = new Statements("millrace");
  const about = MIGRATIONS.map(({ version, name }) => {
    const file = `stores/postgres/migrations/${String(version).padStart(4, "0")}-${name}.ts`;
    return new Source(file).docOf(name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())).text;
  });
  return `# Schema on PostgreSQL

What \`millrace migrate\` makes of an empty database, and \`millrace migrate --plan\` prints. ${about.join("\n\n")}

The tables are for reading; write through the library or the command line only. For a look at the jobs there is the view
\`millrace.jobs\`, with one row for each. What the tables and columns mean is said in [the schema of SQLite](schema.md), whose
names they bear without the prefix.

${table(
  ["version", "step", "compatible with programs of the version before"],
  MIGRATIONS.map(({ version, name, isCompatible }) => [String(version), name, isCompatible ? "yes" : "no"]),
)}

\`\`\`sql
${MIGRATIONS.map((step) => sqlOf(step, statements).trim()).join("\n\n")}
\`\`\`
`;
}
