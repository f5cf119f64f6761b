import type { MillraceClient } from "millrace/client";

export interface Person {
  readonly name: string;
  readonly role: "admin" | "member" | "viewer";
  readonly org: string;
}

/** Members see and steer what they have asked for, admins all of their organisation; viewers look. */
export const PEOPLE = [
  { name: "ada", role: "admin", org: "north" },
  { name: "ines", role: "member", org: "north" },
  { name: "omar", role: "member", org: "north" },
  { name: "vera", role: "viewer", org: "north" },
  { name: "sam", role: "admin", org: "south" },
] as const satisfies readonly Person[];

export type Name = (typeof PEOPLE)[number]["name"];
export const ORGANISATIONS = ["north", "south"] as const;

/** What each of them opens the server with, under the name that is written down with what they do. */
export type Keys = ReadonlyMap<string, string>;

/** @param operator holds the server's own key, which alone may make keys for any organisation */
export async function makeKeys(operator: MillraceClient): Promise<Keys> {
  const keys = new Map<string, string>();
  for (const person of PEOPLE) keys.set(person.name, (await operator.createKey(person)).key);
  for (const org of ORGANISATIONS) {
    const pipeline = { name: `pipeline-${org}`, role: "admin", org } as const;
    keys.set(pipeline.name, (await operator.createKey(pipeline)).key);
  }
  return keys;
}
