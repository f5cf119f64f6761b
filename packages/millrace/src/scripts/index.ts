export { loadScripts, searchScripts, type Script, type ScriptCatalog } from "./catalog.ts";
export { parseScriptHeader, type ParsedHeader, type ScriptField, type ScriptHeader } from "./header.ts";
export {
  PERMANENT_EXIT_CODE,
  runScript,
  ScriptError,
  SNOOZE_EXIT_CODE,
  SNOOZE_MS,
  type RunScriptOptions,
  type ScriptContext,
} from "./run-script.ts";
export type { ScriptJob } from "./script-environment.ts";
export {
  DEFAULT_SCRIPT_QUEUE,
  scriptHandlers,
  type ScriptHandler,
  type ScriptHandlersOptions,
} from "./script-handlers.ts";
export { startProblem } from "./start-problem.ts";
export { DEFAULT_SCRIPT_TIMEOUT_MS, TIMEOUT_CLASSES } from "./timeout.ts";
