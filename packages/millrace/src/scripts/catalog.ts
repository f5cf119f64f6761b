import { constants } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { nameProblem } from "../core/options.ts";
import { parseScriptHeader, type ScriptHeader } from "./header.ts";
import { INTERPRETERS } from "./interpreter.ts";

/** A script that was found, with what its header says. */
export interface Script extends ScriptHeader {
  /** From the header, or the file's name without its extension. The kind of the jobs that run it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

export interface ScriptCatalog {
  /** By name. */
  readonly scripts: readonly Script[];
  /** What was passed over or ignored, a sentence each, beginning with the file. */
  readonly warnings: readonly string[];
}

/** A header ends before this. */
const HEADER_BYTES = 65_536;

/**
 * Find the scripts in some folders and below: files with the extension of a script, and files with `.ts` or without an
 * extension that begin with `#!`. A missing folder, hidden files and folders and `node_modules` are skipped; links are
 * followed, each file counting once. Of two scripts with the same name the first counts, in the order of the folders
 * and then of the paths. What cannot be read is a warning; nothing is thrown.
 */
export async function loadScripts(folders: readonly string[]): Promise<ScriptCatalog> {
  const search: Search = { seen: new Set(), found: [], warnings: [] };
  for (const folder of folders) await searchFolder(resolve(folder), search, true);

  const scripts = new Map<string, Script>();
  for (const path of search.found) {
    const script = await readScript(path, search.warnings);
    if (script === undefined) continue;
    const other = scripts.get(script.name);
    if (other === undefined) scripts.set(script.name, script);
    else search.warnings.push(`${path}: the name "${script.name}" belongs to ${other.path}; this one is passed over`);
  }
  const byName = [...scripts.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { scripts: byName, warnings: search.warnings };
}

/** The scripts with the term in their name, their description or one of their tags, in upper or lower case. */
export function searchScripts(scripts: readonly Script[], term: string): readonly Script[] {
  const wanted = term.trim().toLowerCase();
  return scripts.filter(({ name, description, tags }) =>
    [name, description ?? "", ...tags].some((text) => text.toLowerCase().includes(wanted)),
  );
}

interface Search {
  /** Real paths, so that links in a circle and folders named twice come to an end. */
  readonly seen: Set<string>;
  readonly found: string[];
  readonly warnings: string[];
}

async function searchFolder(folder: string, search: Search, isRoot: boolean): Promise<void> {
  let names: string[];
  try {
    const real = await realpath(folder);
    if (search.seen.has(real)) return;
    search.seen.add(real);
    names = await readdir(folder);
  } catch (error) {
    if (!(isRoot && codeOf(error) === "ENOENT"))
      search.warnings.push(`${folder}: cannot be searched (${reasonOf(error)})`);
    return;
  }
  // Not by locale: which of two scripts counts must not hang on the machine.
  for (const name of names.toSorted()) {
    if (name.startsWith(".") || name === "node_modules") continue;
    await visit(join(folder, name), search);
  }
}

async function visit(path: string, search: Search): Promise<void> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) {
      await searchFolder(path, search, false);
    } else if (stats.isFile() && (await isScript(path))) {
      const real = await realpath(path);
      if (!search.seen.has(real)) search.found.push(path);
      search.seen.add(real);
    }
  } catch (error) {
    // A link to nothing is no script, and neither is a file that went away since the folder was read.
    if (codeOf(error) !== "ENOENT") search.warnings.push(`${path}: cannot be read (${reasonOf(error)})`);
  }
}

async function isScript(path: string): Promise<boolean> {
  const extension = extname(path).toLowerCase();
  // Most files of TypeScript are modules; those that are meant to be run say so.
  if (extension === "" || extension === ".ts") return (await readHead(path, 2)) === "#!";
  return Object.hasOwn(INTERPRETERS, extension);
}

async function readScript(path: string, warnings: string[]): Promise<Script | undefined> {
  let head: string;
  try {
    head = await readHead(path, HEADER_BYTES);
  } catch (error) {
    warnings.push(`${path}: cannot be read (${reasonOf(error)})`);
    return undefined;
  }
  const { header, warnings: found } = parseScriptHeader(head);
  warnings.push(...found.map((warning) => `${path}: ${warning}`));
  const name = header.name ?? basename(path, extname(path));
  const problem = nameProblem(name, "the name of the file");
  if (problem !== undefined) {
    warnings.push(`${path}: passed over: ${problem}; give it a name in its header`);
    return undefined;
  }
  return { ...header, name, path };
}

async function readHead(path: string, bytes: number): Promise<string> {
  // Should a pipe have taken the place of the file, opening it must not wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown";
}

function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/, \w+ '.*$/s, "");
}
