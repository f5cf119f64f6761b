/** In a child: say that all is set up, and wait until the parent says go. */
export async function readyAndWait(): Promise<void> {
  const go = nextSignal();
  process.send?.({ isReady: true });
  await go;
}

/** In a child: the next signal of the parent. Without a parent there is nothing to go on for. */
export function nextSignal(): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      process.off("message", onMessage);
      process.off("disconnect", onDisconnect);
      act();
    };
    const onMessage = settle(resolve);
    const onDisconnect = settle(() => reject(new Error("the parent is gone")));
    process.on("message", onMessage);
    process.on("disconnect", onDisconnect);
  });
}
