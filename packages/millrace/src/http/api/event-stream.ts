/** A message of a stream of server-sent events; one with an id and no data tells only where the stream stands. */
export interface StreamMessage {
  /** Of this message or the last one before it that had one. */
  readonly id: string | null;
  /** `message` unless the server named it. */
  readonly event: string;
  /** `null` when it had none. */
  readonly data: string | null;
}

/** The messages of a body of the type `text/event-stream`, as they come. Comments are passed over. */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  let id: string | null = null;
  let event = "message";
  let data: string[] = [];
  let isBegun = false;
  for await (const line of linesOf(body)) {
    if (line !== "") {
      const [name, value] = fieldOf(line);
      isBegun ||= name === "id" || name === "event" || name === "data";
      if (name === "id") id = value;
      else if (name === "event") event = value;
      else if (name === "data") data.push(value);
      continue;
    }
    // An empty line ends a message, or follows what was none.
    if (isBegun) yield { id, event, data: data.length === 0 ? null : data.join("\n") };
    [event, data, isBegun] = ["message", [], false];
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    // Whoever stops reading closes the connection.
    await reader.cancel().catch(() => undefined);
  }
}

/** A line that begins with a colon is a comment, and has no name. */
function fieldOf(line: string): readonly [name: string, value: string] {
  const at = line.indexOf(":");
  if (at === -1) return [line, ""];
  const value = line.slice(at + 1);
  return [line.slice(0, at), value.startsWith(" ") ? value.slice(1) : value];
}
