import type { Scenario, Size } from "../scenario.ts";
import { MILLRACE, MILLRACE_PG } from "./peers.ts";

const OPEN_COLUMNS: Scenario["columns"] = [
  { figure: "againMs", title: "open a store", digits: 2 },
  { figure: "newMs", title: "make a store", digits: 2 },
  { figure: "firstMs", title: "the first in a process", digits: 1 },
  { figure: "importedMs", title: "import, unbuilt", digits: 0 },
];

export function startUp(size: Size): readonly Scenario[] {
  const times = size.isQuick ? 2 : 20;
  return [
    {
      name: "open",
      title: "Start-up of the library, in milliseconds",
      columns: OPEN_COLUMNS,
      isMoreBetter: false,
      rows: [{ ...MILLRACE, measure: "open", counts: { times } }],
    },
    {
      name: "cli",
      title: "Start-up of the command line, in milliseconds",
      columns: [
        { figure: "versionMs", title: "millrace --version", digits: 0 },
        { figure: "queuesMs", title: "millrace queues list", digits: 0 },
        { figure: "nodeMs", title: "an empty Node", digits: 0 },
        { figure: "isBuilt", title: "built (1) or source (0)", digits: 0 },
      ],
      isMoreBetter: false,
      rows: [{ ...MILLRACE, measure: "cli", counts: { times } }],
    },
  ];
}

export function startUpOnPostgres(size: Size): Scenario {
  return {
    name: "pg-open",
    title: "PostgreSQL: start-up of the library, in milliseconds",
    note: "Making a store is making its tables. A connection is made each time.",
    columns: OPEN_COLUMNS,
    isMoreBetter: false,
    rows: [{ ...MILLRACE_PG, measure: "open", counts: { times: size.isQuick ? 2 : 20 } }],
  };
}
