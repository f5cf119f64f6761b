import { show } from "../core/options.ts";
import { loadScripts, type Script, type ScriptCatalog } from "../scripts/index.ts";
import type { Session } from "./session.ts";
import { unknownWord } from "./usage-error.ts";

/** Where scripts are looked for when no folder is named. */
export const DEFAULT_FOLDERS: readonly string[] = Object.freeze(["scripts"]);

/** The values of an option that may be repeated; the first one takes the place of the default. */
export function repeatedFlag(text: string, before: readonly string[] = []): readonly string[] {
  return before === DEFAULT_FOLDERS ? [text] : [...before, text];
}

/** The scripts of some folders. What is odd about them is told on standard error. */
export async function loadCatalog(folders: readonly string[], { out }: Session): Promise<ScriptCatalog> {
  const catalog = await loadScripts(folders);
  for (const warning of catalog.warnings) out.note(`Warning: ${warning}`);
  return catalog;
}

/** @throws UsageError with exit code 4, and the names there are */
export function findScript(scripts: readonly Script[], name: string): Script {
  const script = scripts.find((candidate) => candidate.name === name);
  if (script !== undefined) return script;
  const names = scripts.map((candidate) => candidate.name);
  throw unknownWord(`there is no script ${show(name)}`, name, names, 4);
}
