// What `node --test` prints, and at the end one line for those who only want the numbers: "N passed, N failed".
import { Readable } from 'node:stream';
import { spec as Spec } from 'node:test/reporters';

export default async function* report(events) {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  async function* counted() {
    for await (const event of events) {
      const isTest = event.data?.details?.type !== 'suite';
      if (event.type === 'test:pass' && isTest) event.data.skip === undefined ? passed++ : skipped++;
      if (event.type === 'test:fail' && isTest) failed++;
      yield event;
    }
  }
  yield* Readable.from(counted(), { objectMode: true }).pipe(new Spec());
  yield `\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
}
