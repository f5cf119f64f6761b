type Edges = ReadonlyMap<string, readonly string[]>;

/** One circle for every knot of files that import each other: the shortest way from its first file back to itself. */
export function findCircles(edges: Edges): readonly (readonly string[])[] {
  return findKnots(edges).map((knot) => shortestCircle(knot.toSorted()[0] ?? "", edges));
}

/** The way from `start` to itself by the fewest imports; `start` stands at both ends. */
function shortestCircle(start: string, edges: Edges): readonly string[] {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of edges.get(file) ?? []) {
      if (next === start) {
        const way = [start];
        for (let at: string | undefined = file; at !== undefined; at = cameFrom.get(at)) way.unshift(at);
        return way;
      }
      if (!cameFrom.has(next)) {
        cameFrom.set(next, file);
        queue.push(next);
      }
    }
  }
  return [start];
}

/** Groups of files that all reach each other through their imports (Tarjan's strongly connected components). */
function findKnots(edges: Edges): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const knots: (readonly string[])[] = [];

  function visit(file: string): number {
    const index = order.size;
    let lowest = index;
    order.set(file, index);
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, low.get(next) ?? order.get(next) ?? lowest);
    }
    low.set(file, lowest);
    if (lowest === index) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1 || edges.get(file)?.includes(file) === true) knots.push(group);
    }
    return lowest;
  }

  for (const file of edges.keys()) if (!order.has(file)) visit(file);
  return knots;
}
