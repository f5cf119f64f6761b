/** Loaded before a program: its wall clock is then where messages put it. Its monotonic clock goes on as it did. */
const wallClock = Date.now;
let shiftMs = 0;

Date.now = () => wallClock() + shiftMs;

process.on("message", (message: { readonly shiftMs?: number }) => {
  if (message.shiftMs === undefined) return;
  shiftMs = message.shiftMs;
  process.send?.({ type: "shifted", shiftMs });
});
