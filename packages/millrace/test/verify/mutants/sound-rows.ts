import type { GuaranteeId } from "../../../src/testing/index.ts";
import type { StoreKind } from "../../stores/mutants/mutant.ts";
import type { Hunt } from "./classic-bug.ts";
import { playDeafCrew } from "./deaf-crew.ts";
import { huntByHistory } from "./hunt-by-history.ts";
import { huntInRealTime, type Trouble } from "./hunt-in-real-time.ts";
import type { Provocation } from "./provocations.ts";
import { BAD_STARTS, POLICY_ROUTES } from "./server-bugs.ts";
import { huntOnRoute } from "./server-hunts.ts";
import { huntAtStart } from "./start-hunts.ts";

/** The same hunt in something that has no bug: it must find nothing. */
export interface SoundRow {
  /** What it has to bear. */
  readonly under: string;
  readonly hunt: Hunt;
}

const KINDS: readonly StoreKind[] = ["sqlite", "postgres"];
const PROVOCATIONS: readonly Provocation[] = ["none", "passing errors", "clocks that differ"];
const TROUBLES: readonly (readonly [StoreKind, Trouble])[] = [
  ["sqlite", "a lock is held"],
  ["postgres", "a lock is held"],
  ["postgres", "its connections end"],
];
/** Where clocks differ, what was enqueued later may be due earlier. */
const NOT_SHOWN: Readonly<Partial<Record<Provocation, GuaranteeId>>> = { "clocks that differ": "G12" };
const ALL = Array.from({ length: 13 }, (_, i): GuaranteeId => `G${i + 1}`);

/** Whatever any bug is hunted with. */
export const SOUND_ROWS: readonly SoundRow[] = [
  ...KINDS.flatMap((kind) =>
    PROVOCATIONS.map((provocation) => ({
      under: provocation === "none" ? "a crew" : `a crew, and ${provocation}`,
      hunt: huntByHistory({
        kind,
        breakage: {},
        shows: ALL.filter((each) => each !== NOT_SHOWN[provocation]),
        provocation,
      }),
    })),
  ),
  ...KINDS.map((kind) => ({
    under: "a worker that hears of no cancel",
    hunt: huntByHistory({ kind, breakage: {}, shows: ALL, play: playDeafCrew }),
  })),
  ...TROUBLES.map(([kind, trouble]) => ({ under: `a crew, while ${trouble}`, hunt: huntInRealTime(kind, trouble) })),
  ...POLICY_ROUTES.map((route) => ({ under: route, hunt: huntOnRoute(route, []) })),
  ...BAD_STARTS.map((start) => ({ under: `a start ${start.how}`, hunt: huntAtStart(start, []) })),
];
