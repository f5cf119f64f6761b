import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { COMMANDS, SHELL_GROUP } from "./command-table.ts";
import { DEFAULT_STORE } from "./env.ts";
import type { Session, SharedFlags } from "./session.ts";

const EXAMPLES = `
Examples:
  $ millrace enqueue mail.send '{"to": "ada@example.com"}' --in 5m
  $ millrace work --handlers handlers.ts --concurrency 8
  $ millrace jobs list --state failed
  $ millrace jobs show mail#42
  $ millrace serve --dev

Exit codes:
   0  done
   1  the answer is no: a job failed under --wait, doctor found something
   2  wrong usage or configuration
   3  not known: a wait ran out of time
   4  not found
   5  conflict
   6  not allowed
   7  the store is unavailable
  70  an invariant is broken

With --server, commands and workers reach the queue over HTTP. Put its key into MILLRACE_KEY: --key KEY is taken as
well (but not by \`enqueue\`, which has a --key of its own), and is seen by others in the list of processes.

\`millrace COMMAND --help\` tells about a command. Environment: MILLRACE_STORE, MILLRACE_SERVER, MILLRACE_KEY,
MILLRACE_STATE, NO_COLOR, and for serve MILLRACE_API_KEY, MILLRACE_JWT_SECRET, MILLRACE_JWKS_URL, MILLRACE_SECRET_KEY,
MILLRACE_ARTIFACTS, MILLRACE_LOG_LEVEL.`;

/** All commands by name. What one of them takes is loaded when it is used. */
export function createProgram(session: Session): Command {
  const program = new Command("millrace")
    .description("A job queue that runs work exactly as often as it should, counts it without gaps and never loses it.")
    .usage("COMMAND [options]")
    .version(readVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "tell about the command")
    .addHelpCommand(new Command("help").argument("[command]").summary("tell about a command").helpGroup(SHELL_GROUP))
    .option("--store <url>", `the store to work on (env MILLRACE_STORE; default ${DEFAULT_STORE})`)
    .option("--server <url>", "work with a server instead (env MILLRACE_SERVER), with its key in MILLRACE_KEY")
    .option("--json", "print JSON: one document, or one text per line where answers come one by one")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    // Errors of parsing are thrown, and told in one form with all others.
    .configureOutput({
      outputError: () => undefined,
      getOutHasColors: () => session.out.isTerminal && session.env.allowsColour,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, styleTitle: (text) => session.out.palette.title(text) });
  for (const { name, summary, group } of COMMANDS) program.command(name).summary(summary).helpGroup(group);
  program.hook("preSubcommand", async (_, command) => loadCommand(command, session));
  program.hook("preAction", (_, action) => session.begin({ ...program.opts<SharedFlags>(), ...keyOf(action) }));
  session.loadProgram = async () => {
    for (const command of program.commands) await loadCommand(command, session);
    return program;
  };
  return program;
}

/** Give a command what it takes, unless it has it already. */
async function loadCommand(command: Command, session: Session): Promise<void> {
  const entry = COMMANDS.find(({ name }) => name === command.name());
  if (entry === undefined || command.description() !== "") return;
  const define = await entry.load();
  define(command, session);
  for (const leaf of leavesOf(command)) {
    // Belongs to --server. `enqueue` has a --key of its own, so it cannot be one of the whole program.
    const hasKey = leaf.options.some(({ long }) => long === "--key");
    if (!hasKey) leaf.addOption(SERVER_KEY);
  }
}

const SERVER_KEY = new Option("--key <key>").hideHelp();

/** What opens the server, where the command does not mean something else by it. */
function keyOf(command: Command): Pick<SharedFlags, "key"> {
  return command.options.includes(SERVER_KEY) ? command.opts<Pick<SharedFlags, "key">>() : {};
}

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap((child) => leavesOf(child));
}

function readVersion(): string {
  // The same way up from the source as from what is built.
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}
