// A generated statement as a tree, so that a failing one can be made smaller without knowledge of the language.

/** Text, or parts that may be left out as long as `min` of them stay. `optional` parts are all or nothing. */
export type Node =
  | string
  | { readonly items: readonly Node[]; readonly separator: string; readonly min: number; readonly before: string }
  | { readonly parts: readonly Node[] };

/** Parts one after the other; none can be left out, but each may get smaller. */
export const seq = (...parts: Node[]): Node => ({ parts });

/** A list of parts of which at least `min` stay. `before` stands in front when any part is there. */
export const list = (items: readonly Node[], separator: string, min: number, before = ''): Node => ({
  items,
  separator,
  min,
  before,
});

/** A part that may be left out. */
export const maybe = (part: Node): Node => list([part], '', 0);

export function render(node: Node): string {
  if (typeof node === 'string') return node;
  if ('parts' in node) return node.parts.map(render).join('');
  const text = node.items.map(render).join(node.separator);
  return node.items.length === 0 ? '' : node.before + text;
}

/** Smaller trees: one part left out, or one part smaller, the largest cuts first. */
export function* smaller(node: Node): Generator<Node> {
  if (typeof node === 'string') return;
  if ('parts' in node) {
    for (const [i, part] of node.parts.entries())
      for (const less of smaller(part)) yield { parts: node.parts.with(i, less) };
    return;
  }
  const { items, min } = node;
  if (items.length > min)
    for (let i = items.length - 1; i >= 0; i--) yield { ...node, items: items.filter((_, at) => at !== i) };
  for (const [i, item] of items.entries())
    for (const less of smaller(item)) yield { ...node, items: items.with(i, less) };
}
