import { connect } from "node:net";
import { relative } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveHttp } from "../../src/http/index.ts";
import { anArtifactServer, filesIn, type ArtifactServer } from "./artifact-server.ts";
import { API_KEY } from "./bench.ts";

/** What stands in the request line after `…/artifacts/`, byte for byte, and what becomes of it. */
interface Attack {
  readonly what: string;
  /** Characters up to U+00FF are bytes. */
  readonly raw: string;
  /** The status with which it is refused, or the name under which it is kept. */
  readonly becomes: number | { readonly name: string };
}

const encoded = (name: string): string => encodeURIComponent(name);
const refused = (what: string, raw: string, becomes = 400): Attack => ({ what, raw, becomes });
const kept = (what: string, name: string, raw = encoded(name)): Attack => ({ what, raw, becomes: { name } });

const ATTACKS: readonly Attack[] = [
  // There is no such route: the path has been followed before anything is looked for.
  refused("traversal", "../../../../etc/passwd", 404),
  refused("traversal by one", "..", 404),
  refused("a dot", ".", 404),
  // Up by two, it is the route of a job.
  refused("traversal, dots encoded", "%2e%2e/%2E%2E/x", 405),
  refused("a folder", "a/b", 404),
  refused("an absolute path", "/etc/passwd", 404),
  refused("nothing", "", 404),
  refused("nothing but a parameter", "?name=x", 404),
  refused("traversal, encoded", "..%2f..%2fetc%2fpasswd"),
  refused("traversal, encoded in capitals", "%2E%2E%2F%2E%2E%2Fx"),
  refused("traversal within", "a%2f..%2f..%2fb"),
  refused("an absolute path, encoded", "%2fetc%2fpasswd"),
  refused("traversal, encoded twice", "..%252f..%252fx"),
  kept("a separator, encoded twice: it is a name with a percent sign", "a%2fb"),
  kept("dots, encoded three times", "%252e%252e", "%25252e%25252e"),
  refused("a backslash", "..\\..\\x"),
  refused("a backslash, encoded", "a%5cb"),
  refused("traversal with backslashes, encoded", "..%5c..%5cx"),
  refused("a path of Windows", "C:%5cWindows%5cx"),
  refused("a drive", "C:x"),
  refused("a network share", "%5c%5chost%5cshare"),
  refused("NUL", "a%00.txt"),
  refused("NUL at the end", "a.txt%00"),
  refused("a line feed", "a%0ab"),
  refused("a header", "a%0d%0aX-Evil:%20yes"),
  refused("escape", "%1b[31mred"),
  refused("delete", "a%7fb"),
  refused("a control character of Latin-1", "a%c2%85b"),
  refused("an overlong slash", "..%c0%af..%c0%afx"),
  refused("an overlong slash of three bytes", "..%e0%80%afx"),
  refused("an overlong dot", "%c0%ae%c0%ae"),
  refused("an overlong NUL", "a%c0%80"),
  refused("half of a pair of surrogates", "a%ed%a0%80"),
  refused("no UTF-8", "a%ff"),
  refused("half of a character", "a%c3"),
  refused("no encoding", "a%zz"),
  refused("a percent sign alone", "100%"),
  refused("a fullwidth slash", encoded("a／b")),
  refused("a fullwidth backslash", encoded("a＼b")),
  refused("a division slash", encoded("..∕..∕x")),
  refused("a fraction slash", encoded("a⁄b")),
  refused("a character that holds a slash", encoded("℀")),
  refused("a two dot leader", encoded("‥")),
  refused("fullwidth dots", encoded("．．")),
  refused("an ellipsis", encoded("…")),
  refused("right to left", encoded("gpj\u202Eexe.txt")),
  refused("an isolate", encoded("a\u2066b")),
  refused("a mark of direction", encoded("a\u200Fb")),
  refused("a zero width space", encoded("a\u200Bb")),
  refused("a zero width joiner between letters", encoded("a\u200Db")),
  refused("a byte order mark", encoded("\uFEFFa")),
  refused("a soft hyphen", encoded("a\u00ADb")),
  refused("a line separator", encoded("a\u2028b")),
  refused("a filler that nobody sees", encoded("a\u3164b")),
  refused("a tag", encoded("a\u{E0041}b")),
  refused("what is no character", encoded("a\uFFFFb")),
  refused("what is not composed", encoded("e\u0301.txt")),
  refused("256 bytes", "a".repeat(256)),
  refused("256 bytes in 86 characters", encoded(`${"€".repeat(85)}a`)),
  refused("very long", "a".repeat(10_000)),
  refused("a hidden file", ".bashrc"),
  refused("a dot at the end", "a."),
  refused("a space in front", "%20a"),
  refused("a space at the end", "a%20"),
  refused("an unbreakable space in front", encoded("\u00A0a")),
  refused("nothing but a space", "%20"),
  refused("three dots", "..."),
  refused("a device", "CON"),
  refused("a device with an ending", "nul.tar.gz"),
  refused("a device with a number", "com1.txt"),
  refused("a device with a number above the line", encoded("LPT¹")),
  refused("a device in wide letters", encoded("ＣＯＮ")),
  kept("a plain name", "out.mp4"),
  kept("two dots within", "a..b"),
  kept("a plus and a space", "a+b c"),
  kept("what means something in a URL", "a?b#c&d=e;f"),
  kept("what means something to a shell", "$(rm -rf ~); `id` | \"x\" 'y' *"),
  kept("markup", "<script>alert(1)<"),
  kept("a time", "2026-03-01T12:00:00.000Z.log"),
  kept("letters with accents", "Ärger é.txt"),
  kept("Greek, Arabic and Chinese", "Ωμέγα-سلام-文件.txt"),
  kept("emoji", "🎬 done ✅.mp4"),
  kept("emoji of several characters", "👩‍💻🏴󠁧󠁢󠁳󠁣󠁴󠁿❤️.txt"),
  kept("255 bytes", "a".repeat(255)),
  kept("what is not a device", "console.log"),
  kept("what every object has", "__proto__"),
];

/** Sends the request line as it is, and answers the status. */
async function putRaw(port: number, path: string): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  const head = `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${API_KEY}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nevil`;
  socket.write(Buffer.from(head, "latin1"));
  let said = "";
  for await (const chunk of socket) said += String(chunk);
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(said)?.[1]);
}

/** That all there is lies in the folder, under names that nobody has sent. */
async function expectNothingElse({ around }: ArtifactServer): Promise<void> {
  const outside = (await filesIn(around))
    .map(({ path }) => relative(around, path))
    .filter((path) => !/^artifacts\/([\da-f]{2})\/\1[\da-f]{38}$/.test(path));
  expect(outside).toEqual([]);
}

describe("the name of an artifact", () => {
  it("cannot leave its place", async () => {
    const server = await anArtifactServer();
    const { mill } = server;
    const http = await serveHttp({ mill, apiKey: API_KEY, port: 0, artifacts: server.folder });
    onTestFinished(http.stop);
    const found: unknown[] = [];
    for (const { what, raw } of ATTACKS) {
      const { path } = await server.aJob();
      const status = await putRaw(http.port, `${path}/${raw}`);
      const { artifacts } = (await server.ask("GET", path)).body as { artifacts: readonly { name: string }[] };
      found.push([what, status, artifacts.map(({ name }) => name)]);
      await expectNothingElse(server);
    }
    const expected = ATTACKS.map(({ what, becomes }) =>
      typeof becomes === "number" ? [what, becomes, []] : [what, 201, [becomes.name]],
    );
    expect(found).toEqual(expected);
    expect((await filesIn(server.around)).length).toBe(expected.filter(([, status]) => status === 201).length);
  });

  it("brings back what was sent under it, and says it in a header that holds nothing else", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob();
    const names = ATTACKS.flatMap(({ becomes }) => (typeof becomes === "number" ? [] : [becomes.name]));
    for (const name of names) {
      const sent = await server.send("PUT", `${path}/${encoded(name)}`, { body: name });
      expect([name, sent.status]).toEqual([name, 201]);
    }
    for (const name of names) {
      const got = await server.send("GET", `${path}/${encoded(name)}`);
      expect(await got.text()).toBe(name);
      const [, plain = "", full = ""] =
        /^attachment; filename="([^"\\%]*)"; filename\*=UTF-8''([\w.~%$&+^`|#-]+)$/.exec(
          got.headers.get("content-disposition") ?? "",
        ) ?? [];
      expect(decodeURIComponent(full)).toBe(name);
      expect(plain).toMatch(/^[\x20-\x7e]+$/);
    }
    const { artifacts } = (await server.ask("GET", path)).body as { artifacts: readonly { name: string }[] };
    expect(artifacts.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  it("is refused with what is wrong with it, in plain characters", async () => {
    const server = await anArtifactServer();
    const { path } = await server.aJob();
    const detailOf = async (name: string): Promise<unknown> =>
      ((await (await server.send("PUT", `${path}/${name}`, { body: "x" })).json()) as { detail: string }).detail;
    expect(await detailOf("a%2fb")).toBe('the name of the artifact must not contain a separator; got "a/b"');
    expect(await detailOf("a%c0%af")).toBe('the name of the artifact must be UTF-8, percent-encoded; got "a%c0%af"');
    expect(await detailOf(encoded("a\u202Eb"))).toBe(
      'the name of the artifact must not contain control characters or others that cannot be seen; got "a\\\\u{202e}b"',
    );
  });
});
