import type { Command } from "commander";
import { formatDuration } from "../duration.ts";
import { guide, guideGroup } from "../guide.ts";
import { DEFAULT_FOLDERS, findScript, loadCatalog, repeatedFlag } from "../script-folders.ts";
import { searchScripts, type Script, type ScriptField } from "../../scripts/index.ts";
import type { Session } from "../session.ts";
import type { Column } from "../table.ts";
import { defineScriptsRun } from "./scripts-run.ts";

interface FolderFlags {
  readonly scripts: readonly string[];
}

const COLUMNS: readonly Column<Script>[] = [
  { title: "NAME", text: ({ name }) => name },
  { title: "QUEUE", text: ({ queue }) => queue ?? "" },
  { title: "TAGS", text: ({ tags }) => tags.join(","), canShrink: true },
  { title: "DESCRIPTION", text: ({ description }) => description ?? "", canShrink: true },
];

export function defineScripts(command: Command, session: Session): void {
  guideGroup(command, "List, search, show and run scripts: executables with a header of comments.", [
    "millrace scripts list",
    "millrace scripts search image",
    "millrace scripts run make-thumbnail -- source=a.png width=200",
  ]);
  defineList(command.command("list"), session);
  defineSearch(command.command("search"), session);
  defineShow(command.command("show"), session);
  defineScriptsRun(command.command("run"), session);
}

function defineList(command: Command, session: Session): void {
  guide(command, {
    description: "List the scripts in some folders and below.",
    examples: ["millrace scripts list", "millrace scripts list --scripts ops --scripts media --json"],
    exits: { 7: null },
  });
  withFolders(command).action(async ({ scripts: folders }: FolderFlags) => {
    const { scripts } = await loadCatalog(folders, session);
    tell(session, scripts, `Scripts (${scripts.length} total)`);
  });
}

function defineSearch(command: Command, session: Session): void {
  guide(command, {
    description: "List the scripts with a text in their name, description or tags.",
    examples: ["millrace scripts search image", "millrace scripts search backup --json"],
    exits: { 7: null },
  }).argument("<term>", "in upper or lower case");
  withFolders(command).action(async (term: string, { scripts: folders }: FolderFlags) => {
    const found = searchScripts((await loadCatalog(folders, session)).scripts, term);
    tell(session, found, `Search results for '${term}' (${found.length} matches)`);
  });
}

function defineShow(command: Command, session: Session): void {
  guide(command, {
    description: "Show what the header of a script says.",
    examples: ["millrace scripts show make-thumbnail"],
    exits: { 4: "there is no such script", 7: null },
  }).argument("<name>", "what the script is called");
  withFolders(command).action(async (name: string, { scripts: folders }: FolderFlags) => {
    const script = findScript((await loadCatalog(folders, session)).scripts, name);
    session.out.fields(script, () => fieldsOf(script));
  });
}

function withFolders(command: Command): Command {
  return command.option(
    "--scripts <folder>",
    "where scripts lie; may be repeated (default: scripts)",
    repeatedFlag,
    DEFAULT_FOLDERS,
  );
}

function tell({ out }: Session, scripts: readonly Script[], title: string): void {
  if (scripts.length > 0) out.say(title);
  out.table(scripts, COLUMNS, scripts, "No scripts found");
}

function fieldsOf(script: Script): (readonly [string, string])[] {
  const inputs = (fields: readonly ScriptField[]): string =>
    fields.map(({ name, required }) => `${name} (${required ? "required" : "optional"})`).join(", ");
  const rows: readonly (readonly [string, string])[] = [
    ["name", script.name],
    ["description", script.description ?? ""],
    ["inputs", inputs(script.inputs)],
    ["outputs", inputs(script.outputs)],
    ["tags", script.tags.join(", ")],
    ["queue", script.queue ?? ""],
    ["timeout", script.timeoutMs === null ? (script.taskClass ?? "") : formatDuration(script.timeoutMs)],
    ["max attempts", script.maxAttempts === null ? "" : String(script.maxAttempts)],
    ["requires", script.requires.join(", ")],
    ["path", script.path],
  ];
  return rows.filter(([, value]) => value !== "");
}
