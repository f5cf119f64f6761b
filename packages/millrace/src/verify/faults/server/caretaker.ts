import { spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Waits until its input ends, which it does when the process that started it is gone in whatever way. Then it ends the
 * server whose data folder is $1, if there is one, takes the file system $3 away, if one was mounted, and deletes the
 * folder $2, unless it was told to keep it.
 * A number in `postmaster.pid` may be that of another process by then; hence the look at the command line.
 */
const SCRIPT = `
  while read -r word; do kept=$word; done
  pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null)
  serves() { { tr '\\0' ' ' <"/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2>/dev/null | grep -qF -- "$1"; }
  if [ -n "$pid" ] && serves "$1"; then
    kill -QUIT "$pid"
    while serves "$1"; do sleep 0.05; done
  fi
  [ "$kept" = keep ] && exit
  [ -z "$3" ] || umount -l -- "$3"
  rm -rf -- "$2"
`;

export interface Caretaker {
  /** End the server, delete the folder. Happens by itself when this process ends. */
  clear(): Promise<void>;
  /** End the server, leave the folder. */
  keep(): Promise<void>;
}

/**
 * Watches over a server, so that neither Ctrl-C nor `kill -9` of its program leaves one behind.
 * @param mountPoint of a file system that goes with it
 */
export function hireCaretaker(dataFolder: string, folder: string, mountPoint = ""): Caretaker {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "millrace-caretaker", dataFolder, folder, mountPoint], {
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
    // Of a session of its own: Ctrl-C is sent to all of ours.
    detached: true,
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
  ended.catch(() => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  const dismiss = async (word: string): Promise<void> => {
    child.ref();
    child.stdin.end(word);
    await ended;
  };
  return { clear: () => dismiss(""), keep: () => dismiss("keep\n") };
}
