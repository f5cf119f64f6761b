import { ROUTES, type Route, type Who } from "../../packages/millrace/test/http/route-table.ts";
import { code, table } from "./markdown.ts";
import { readOpenApi, type OpenApi, type Operation, type Schema } from "./open-api.ts";
import { schemaText } from "./schema-text.ts";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Every route of the server: who may, what it takes and what it answers. */
export async function httpPage(): Promise<string> {
  const document = await readOpenApi();
  const errors = commonErrors(document);
  return `# HTTP API

The routes of \`millrace serve\` and \`createHandler()\`, from the document that a server answers at \`GET /openapi.json\`.
How to start one, and its keys, roles, limits and logs: [server](../guides/server.md).

Send \`Authorization: Bearer KEY\`. Times are ISO 8601 in UTC, durations are milliseconds, and a \`JobState\` is one of the
[states](states.md). A \`?\` behind a field
says that it may be left out. Fields of a body that are not in the table are refused.

Errors are [\`Problem\`](#problem)s. Every route but the open ones may answer ${listed(everywhere(errors))}; the others are
named where they come.

${table(
  ["status", "says"],
  [...errors].map(([status, { description }]) => [status, description]),
)}

${document.tags.map((tag) => section(document, tag, errors)).join("\n\n")}

## Shapes

${Object.entries(document.components.schemas)
  .map(([name, schema]) => `### ${name}\n\n${shape(schema)}`)
  .join("\n\n")}
`;
}

type Errors = ReadonlyMap<string, { readonly description: string; readonly isEverywhere: boolean }>;

/** The errors that mean the same wherever they come. */
function commonErrors({ paths }: OpenApi): Errors {
  const keyed = Object.entries(paths).flatMap(([path, methods]) =>
    path.startsWith("/v1/") ? Object.values(methods) : [],
  );
  const statuses = new Set(
    keyed.flatMap(({ responses }) => Object.keys(responses)).filter((status) => status >= "400"),
  );
  const found = [...statuses].toSorted().flatMap((status) => {
    const told = keyed.flatMap(({ responses }) => responses[status]?.description ?? []);
    const [description = ""] = told;
    const isOne = told.length > 1 && told.every((one) => one === description);
    return isOne ? [[status, { description, isEverywhere: told.length === keyed.length }] as const] : [];
  });
  return new Map(found);
}

function everywhere(errors: Errors): readonly string[] {
  return [...errors].flatMap(([status, { isEverywhere }]) => (isEverywhere ? [status] : []));
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

function section(document: OpenApi, tag: OpenApi["tags"][number], errors: Errors): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const operation = methods[method];
      return operation?.tags.includes(tag.name) === true
        ? [{ route: `${method.toUpperCase()} ${path}`, operation }]
        : [];
    }),
  );
  const details = operations.map(({ route, operation }) => detailsOf(route, operation, errors));
  return `## ${tag.name}\n\n${tag.description}.\n\n${details.join("\n\n")}`;
}

function detailsOf(route: string, operation: Operation, errors: Errors): string {
  const { summary, description = "", parameters = [], requestBody, responses } = operation;
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  const rows = [
    ...parameters.map(({ name, in: place, required = false, schema, description: says }) =>
      row(name, place, required, schema, says),
    ),
    ...(body === undefined ? [] : bodyRows(body)),
  ];
  const isCommon = (status: string): boolean => errors.get(status)?.description === responses[status]?.description;
  const answers = Object.entries(responses).flatMap(([status, { description: says = "", content = {} }]) => {
    if (isCommon(status)) return [];
    const answered = Object.entries(content)[0];
    const what = answered === undefined || Number(status) >= 400 ? "" : `: ${code(answerText(...answered))}`;
    return [`- **${status}** ${says}${what}`];
  });
  const also = Object.keys(responses).filter(
    (status) => isCommon(status) && errors.get(status)?.isEverywhere === false,
  );
  if (also.length > 0) answers.push(`- or ${also.join(", ")}`);
  return [
    `### ${route.replaceAll("{", String.raw`\{`)}`,
    `${summary}.${description === "" ? "" : ` ${description}`}`,
    `_May:_ ${whoMay(route)}.`,
    rows.length === 0 ? "" : table(["name", "in", "type", "meaning"], rows),
    answers.join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function answerText(type: string, { schema }: { readonly schema: Schema }): string {
  return type === "application/json" ? schemaText(schema) : type;
}

function bodyRows(schema: Schema): readonly (readonly string[])[] {
  if (schema.properties === undefined) return [row("", "body", true, schema, schema.description)];
  const required = new Set(schema.required);
  return Object.entries(schema.properties).map(([name, field]) =>
    row(name, "body", required.has(name), field, field.description),
  );
}

function row(name: string, place: string, isRequired: boolean, schema: Schema, says = ""): readonly string[] {
  return [name === "" ? "" : code(name), isRequired ? `${place}, required` : place, code(schemaText(schema)), says];
}

function shape(schema: Schema): string {
  const { properties, required = [] } = schema;
  if (properties === undefined) {
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices === undefined) return code(schemaText(schema));
    return `One of:\n\n${choices.map((choice) => `- ${code(schemaText(choice))}`).join("\n")}`;
  }
  return table(
    ["field", "type", "meaning"],
    Object.entries(properties).map(([name, field]) => [
      code(required.includes(name) ? name : `${name}?`),
      code(schemaText(field)),
      field.description ?? "",
    ]),
  );
}

/** As the tests of the roles find it. */
function whoMay(route: string): string {
  const known = ROUTES.find((one) => one.route === route);
  if (known === undefined) throw new Error(`http-page.ts does not know who may ${route}: it is not in route-table.ts`);
  if (isAllowed(known, "none")) return "anybody, without a key";
  const roles = (["owner", "admin", "member", "viewer", "worker"] as const).filter((who) => isAllowed(known, who));
  return roles.map((role) => `${role}${reach(known, role)}`).join(", ");
}

function isAllowed({ expected }: Route, who: Who): boolean {
  return [expected[who]].flat().some((status) => status !== 401 && status !== 403);
}

/** Which of the jobs, or which of the workers, where it is not all of the organisation's. */
function reach(route: Route, role: Who): string {
  if (route.job === undefined) {
    const isAlone = role === "worker" && !isAllowed(route, "owner");
    return isAlone ? " (itself, with the key that it registered for)" : "";
  }
  const [own, others] = route.expected[role];
  if (role === "worker") return " (jobs that it holds)";
  return own !== 403 && others === 403 ? " (jobs of its own)" : "";
}
