// One line a measured function: CPU nanoseconds an operation, after one run to warm up.

/** Runs `work` twice and prints what the second run cost for each of `count` operations. */
export async function report(what: string, count: number, work: () => void | Promise<void>): Promise<void> {
  await work();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  console.log(`${what.padEnd(52)} ${(((user + system) * 1000) / count).toFixed(0).padStart(7)} ns/op`);
}
