// Removes SSTables and finds those of a folder.
import fs from 'node:fs';
import path from 'node:path';
import { componentName, components, parseComponentName, type SSTableName } from './format.js';

/** Deletes all components: TOC.txt first, so that what is left after a crash counts as unfinished. */
export function removeSSTable(sstable: { folder: string; version: string; id: string; format?: 'bti' | 'big' }): void {
  const name: SSTableName = { version: sstable.version, id: sstable.id, format: sstable.format ?? 'bti' };
  const prefix = componentName(name, '');
  const files = fs.readdirSync(sstable.folder).filter((file) => file.startsWith(prefix));
  files.sort((a, b) => Number(b === prefix + components.toc) - Number(a === prefix + components.toc));
  for (const file of files) fs.rmSync(path.join(sstable.folder, file), { force: true });
}

/** The SSTables of a folder that have a TOC.txt, and those that were never finished. */
export function listSSTables(folder: string): { finished: SSTableName[]; unfinished: SSTableName[] } {
  const found = new Map<string, { name: SSTableName; finished: boolean }>();
  for (const file of fs.readdirSync(folder)) {
    const parsed = parseComponentName(file);
    if (parsed === null) continue;
    const name: SSTableName = { version: parsed.version, id: parsed.id, format: parsed.format };
    const key = componentName(name, '');
    const entry = found.get(key) ?? { name, finished: false };
    if (parsed.component === components.toc) entry.finished = true;
    found.set(key, entry);
  }
  const all = [...found.values()];
  return {
    finished: all.filter((entry) => entry.finished).map((entry) => entry.name),
    unfinished: all.filter((entry) => !entry.finished).map((entry) => entry.name),
  };
}
