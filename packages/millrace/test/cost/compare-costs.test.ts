import { expect, it } from "vitest";
import { differences, explain } from "./compare-costs.ts";
import type { ActCost } from "./cost.ts";
import { parseTable } from "./cost-table.ts";

const TABLE = parseTable(`# Words

| this is | not | read |

## SQLite

### enqueue

| a job costs            |     | ± % |
| ---------------------- | --: | --: |
| statements             |   4 |   5 |
| rows inserted into job |   1 |   0 |
`);

function enqueue(cost: ActCost["cost"]): readonly ActCost[] {
  return [{ act: "enqueue", cost, statements: { ENQUEUE_WRITE: 3, COMMIT: 1 } }];
}

it("a number within its tolerance passes", () => {
  expect(differences("SQLite", TABLE, enqueue({ statements: 4.1, "rows inserted into job": 1 }))).toEqual([]);
});

it("a number that grew is named, with what it was, what it is, what may pass, and the command that accepts it", () => {
  const found = differences("SQLite", TABLE, enqueue({ statements: 5, "rows inserted into job": 1 }));
  const text = explain("SQLite", found);
  expect(text).toContain('enqueue: "statements" a job grew from 4 to 5; 5 % may pass');
  expect(text).toContain("3 × ENQUEUE_WRITE");
  expect(text).toContain("npm run costs:accept");
});

it("a number that fell is named too", () => {
  const found = differences("SQLite", TABLE, enqueue({ statements: 3, "rows inserted into job": 1 }));
  expect(explain("SQLite", found)).toContain("fell from 4 to 3");
});

it("a figure that the table does not know, and one that is not counted any more, are named", () => {
  const found = differences("SQLite", TABLE, enqueue({ statements: 4, "rows inserted into tag": 2 }));
  expect(found.map(({ figure, measured }) => [figure, measured])).toEqual([
    ["rows inserted into job", 0],
    ["rows inserted into tag", 2],
  ]);
});

it("a row of another shape is refused", () => {
  expect(() => parseTable("## SQLite\n### enqueue\n| statements | many | 5 |")).toThrow("statements | many");
});
