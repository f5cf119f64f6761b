import { isServer } from "../../open-store.ts";

/** Whether it names a server, and not a store itself. */
export function isServerUrl(url: string): boolean {
  return isServer(url);
}

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/** The file of a store on SQLite. */
export function fileOfSqliteUrl(url: string): string {
  return url.replace(/^sqlite:(\/\/)?/, "");
}

/** The schema of a store on PostgreSQL. */
export function schemaOf(url: string): string {
  return new URLSearchParams(url.split("?")[1] ?? "").get("schema") ?? "millrace";
}

/** So that a crew of many processes does not use up what a server allows. */
const CONNECTIONS = 3;

export function crewUrl(url: string): string {
  if (!isPostgresUrl(url) || /[?&]max=/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}max=${CONNECTIONS}`;
}
