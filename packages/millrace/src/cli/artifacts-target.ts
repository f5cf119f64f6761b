import { dirname, join } from "node:path";

const FOLDER = "millrace-artifacts";

/** Where artifacts lie when nobody says so: beside a store that is a file, and in the present folder for any other. */
export function artifactsBeside(store: string): string {
  const [, file] = /^sqlite:(?:\/\/)?([^:]+)$/.exec(store) ?? [];
  return file === undefined ? FOLDER : join(dirname(file), FOLDER);
}
