// The order in which hash tables of Java iterate: some texts of Cassandra list names in it, or tell the first of several errors by it.

function javaStringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Java's ByteBuffer.hashCode of the text's UTF-8 bytes. */
export function javaBytesHash(text: string): number {
  const bytes = Buffer.from(text);
  let hash = 1;
  for (let i = bytes.length - 1; i >= 0; i--) hash = (Math.imul(31, hash) + bytes.readInt8(i)) | 0;
  return hash;
}

/**
 * The keys in the order in which a Java HashMap copied from a map of `size` entries iterates them: some texts of
 * Cassandra list names in that order.
 */
export function javaHashOrder(keys: readonly string[], size = keys.length, hashOf = javaStringHash): string[] {
  const wanted = Math.max(Math.trunc(size / 0.75 + 1), 1);
  const buckets = 2 ** Math.ceil(Math.log2(wanted));
  const bucketOf = (key: string): number => {
    const hash = hashOf(key);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return keys
    .map((key, index) => ({ key, index, bucket: bucketOf(key) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map((entry) => entry.key);
}

/** A size for which javaHashOrder has as many buckets as a HashMap or HashSet that grew entry by entry. */
export function grownHashSize(entries: number): number {
  let buckets = 16;
  while (entries > buckets * 0.75) buckets *= 2;
  return buckets * 0.75 - 1;
}
