// How full the disk of the data is, for the guardrail data_disk_usage_percentage. Source: Cassandra's DiskUsageMonitor.
import { opendir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type GuardrailConfig, maxDiskSize, thresholds } from '../../query/index.js';

type UsageLog = { warn(message: string): void };

/** As in Cassandra. */
const intervalMs = 30_000;

/** Bytes of the files in a folder and below; files that go away meanwhile count for nothing. */
async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) bytes += await bytesIn(path);
      else if (entry.isFile()) bytes += (await stat(path).catch(() => ({ size: 0 }))).size;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return bytes;
}

/**
 * Part of the space that the data could have: what it has now and what is free, or `maxBytes` when that is less. Whole percent, rounded up.
 * @param maxBytes  data_disk_usage_max_disk_size, negative for none
 */
export async function diskUsagePercent(folder: string, maxBytes: number): Promise<number> {
  const used = await bytesIn(folder);
  const { bavail, bsize } = await statfs(folder);
  const total = used + bavail * bsize;
  return Math.ceil((used * 100) / Math.max(1, maxBytes < 0 ? total : Math.min(total, maxBytes)));
}

/** Looks from time to time, and when the settings change, as long as there is a threshold. */
export function watchDiskUsage(guardrails: GuardrailConfig, folder: string, log: UsageLog): () => void {
  const name = 'data_disk_usage_percentage';
  let state = 'Spacious';
  const look = async (): Promise<void> => {
    const [warn, fail] = [guardrails.threshold(name, 'warn'), guardrails.threshold(name, 'fail')];
    if (warn < 0 && fail < 0) {
      guardrails.diskUsagePercent = null;
      return;
    }
    const percent = await diskUsagePercent(folder, guardrails.get(maxDiskSize) as number);
    guardrails.diskUsagePercent = percent;
    const isFull = fail >= 0 && percent > fail;
    const now = isFull ? 'Full' : warn >= 0 && percent > warn ? 'Stuffed' : 'Spacious';
    if (now !== state && now !== 'Spacious') {
      const text = thresholds[name].text(!isFull, now, String(percent), String(isFull ? fail : warn));
      log.warn(`Guardrail local_data_disk_usage violated: ${text}`);
    }
    state = now;
  };
  const lookSafely = (): void => {
    look().catch((error: Error) => log.warn(`The usage of the disk cannot be read: ${error.message}`));
  };
  guardrails.onChange(lookSafely);
  lookSafely();
  const timer = setInterval(lookSafely, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
