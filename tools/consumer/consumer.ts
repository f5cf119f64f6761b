// Stands where a user stands: no condition is set, so these names lead to what was built. tsc reads it against the
// built declaration files, and Node runs it against the built code.
import * as millrace from "millrace";
import * as client from "millrace/client";
import * as http from "millrace/http";
import * as scripts from "millrace/scripts";
import * as testing from "millrace/testing";
import * as verify from "millrace/verify";

const ENTRIES: Readonly<Record<string, object>> = {
  millrace,
  "millrace/client": client,
  "millrace/http": http,
  "millrace/scripts": scripts,
  "millrace/testing": testing,
  "millrace/verify": verify,
};

for (const [name, entry] of Object.entries(ENTRIES)) {
  if (!import.meta.resolve(name).includes("/dist/")) throw new Error(`${name} does not lead to what was built`);
  if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing`);
}
console.log(`${Object.keys(ENTRIES).length} entries load as built.`);
