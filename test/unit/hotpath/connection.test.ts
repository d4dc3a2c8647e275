// Hot requests over sockets: every framing and compression, beside requests that are not hot.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import {
  type BodyCompressor,
  bodyCompressor,
  encodeSegments,
  readEnvelopeHeader,
  SegmentDecoder,
} from '../../../src/protocol/index.js';
import { startTestServer } from '../../support/server.js';
import { envelope, executeEnvelope, int, intType, planBytes, Target, text, textType } from './plan-bytes.js';
import { ids, ShardRig, table, tableId } from './shard-rig.js';

const insertId = Buffer.alloc(16, 1);
const selectId = Buffer.alloc(16, 2);
const insert = planBytes({
  kind: 'write',
  flags: 1,
  preparedId: insertId,
  tableId,
  binds: [
    [Target.key, 0, intType],
    [Target.clustering, 0, intType],
    [Target.value, ids.v, textType],
  ],
});
const select = planBytes({
  kind: 'read',
  flags: 8,
  preparedId: selectId,
  tableId,
  binds: [[Target.key, 0, intType]],
  columns: [
    [1, 0],
    [2, ids.v],
  ],
});

type Answer = { stream: number; opcode: number; body: Buffer };

/** A driver that speaks one framing and compression. */
class Driver {
  readonly #socket: Socket;
  readonly #segments: SegmentDecoder | null;
  readonly #compressor: BodyCompressor | null;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #bytes = Buffer.alloc(0);
  #started = false;
  compressedAnswers = 0;

  constructor(
    port: number,
    readonly version: 4 | 5,
    readonly compression: 'lz4' | 'snappy' | null,
  ) {
    this.#socket = connect(port, '127.0.0.1');
    this.#segments = version >= 5 ? new SegmentDecoder(compression === 'lz4') : null;
    this.#compressor = version < 5 && compression !== null ? bodyCompressor(compression) : null;
    this.#socket.on('data', (chunk) => this.#onData(chunk));
    this.#socket.on('error', () => {});
  }

  async start(): Promise<void> {
    const strings = [
      ['CQL_VERSION', '3.0.0'],
      ...(this.compression === null ? [] : [['COMPRESSION', this.compression]]),
    ];
    const parts = [Buffer.from([0, strings.length])];
    for (const s of strings.flat()) parts.push(Buffer.from([0, s!.length]), Buffer.from(s!));
    const answer = this.#wait(0);
    this.#socket.write(envelope(this.version, 0, 0, 1, Buffer.concat(parts)));
    assert.equal((await answer).opcode, 2);
    this.#started = true;
  }

  /** Sends requests in one write; their answers in order. */
  ask(requests: Buffer[]): Promise<Answer[]> {
    const answers = Promise.all(requests.map((r) => this.#wait(r.readInt16BE(2))));
    if (this.#segments !== null) {
      this.#socket.write(encodeSegments(requests, this.compression === 'lz4'));
    } else if (this.#compressor !== null) {
      for (const r of requests) {
        const body = this.#compressor.compress(r.subarray(9));
        this.#socket.write(envelope(this.version, 1, r.readInt16BE(2), r[4]!, Buffer.from(body)));
      }
    } else this.#socket.write(Buffer.concat(requests));
    return answers;
  }

  end(): void {
    this.#socket.destroy();
  }

  #wait(stream: number): Promise<Answer> {
    return new Promise((resolve) => this.#waiting.set(stream, resolve));
  }

  #onData(chunk: Buffer): void {
    if (this.#started && this.#segments !== null) {
      this.#segments.push(chunk);
      for (let s = this.#segments.next(); s !== null; s = this.#segments.next()) {
        this.#bytes = Buffer.concat([this.#bytes, s.payload]);
      }
    } else this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 9) {
      const header = readEnvelopeHeader(this.#bytes);
      const end = 9 + header.bodyBytes;
      if (this.#bytes.length < end) return;
      let body = this.#bytes.subarray(9, end);
      if (header.flags & 1) {
        this.compressedAnswers++;
        body = Buffer.from(this.#compressor!.decompress(body, 1 << 24));
      }
      this.#bytes = this.#bytes.subarray(end);
      this.#waiting.get(header.stream)?.({ stream: header.stream, opcode: header.opcode, body });
    }
  }
}

const variants: [4 | 5, 'lz4' | 'snappy' | null][] = [
  [4, null],
  [4, 'lz4'],
  [4, 'snappy'],
  [5, null],
  [5, 'lz4'],
];
for (const [version, compression] of variants) {
  test(`v${version}, ${compression ?? 'no compression'}: hot and other requests of one connection are all answered`, async () => {
    const rig = new ShardRig(null, 1 << 20);
    await rig.setTable(table(1));
    rig.hot.register(insert);
    rig.hot.register(select);
    const server = await startTestServer({ hotPath: rig.hot });
    const driver = new Driver(server.port, version, compression);
    await driver.start();
    const long = 'grüße '.repeat(60);
    const writes = Array.from({ length: 300 }, (_, c) =>
      executeEnvelope({ version, stream: c + 1, preparedId: insertId, values: [int(1), int(c), text(`${long}${c}`)] }),
    );
    const other = envelope(version, 0, 500, 5, Buffer.alloc(0)); // OPTIONS
    const unknown = executeEnvelope({ version, stream: 501, preparedId: Buffer.alloc(16, 9), values: [] });
    const answers = await driver.ask([...writes.slice(0, 150), other, unknown, ...writes.slice(150)]);
    const byStream = new Map(answers.map((a) => [a.stream, a]));
    assert.equal(byStream.get(500)!.opcode, 6);
    assert.equal(byStream.get(501)!.opcode, 0);
    assert.equal(byStream.get(501)!.body.readInt32BE(0), 0x2500); // Unprepared
    for (let c = 0; c < 300; c++) assert.equal(byStream.get(c + 1)!.body.toString('hex'), '00000001');
    assert.equal(rig.hot.stats().hot, 300);

    const [rows] = await driver.ask([executeEnvelope({ version, stream: 7, preparedId: selectId, values: [int(1)] })]);
    assert.equal(rows!.opcode, 8);
    assert.equal(rows!.body.readInt32BE(12), 300);
    assert.ok(rows!.body.includes(`${long}299`));
    assert.equal(driver.compressedAnswers > 0, version === 4 && compression !== null);
    // A page that would be cut is run by the query layer, which in this test knows no statement.
    const page = executeEnvelope({ version, stream: 8, preparedId: selectId, values: [int(1)], pageSize: 10 });
    assert.equal((await driver.ask([page]))[0]!.body.readInt32BE(0), 0x2500);
    assert.equal(rig.hot.stats().declined, 1);
    driver.end();
    await server.stop();
    assert.equal(rig.hot.stats().open, 0);
    rig.close();
  });
}

test('a connection that ends while its requests run leaves nothing behind', async () => {
  const rig = new ShardRig();
  await rig.setTable(table(1));
  rig.hot.register(insert);
  const server = await startTestServer({ hotPath: rig.hot });
  const driver = new Driver(server.port, 4, null);
  await driver.start();
  const all = driver.ask(
    Array.from({ length: 2000 }, (_, c) =>
      executeEnvelope({ version: 4, stream: c + 1, preparedId: insertId, values: [int(1), int(c), text('v')] }),
    ),
  );
  void all;
  await new Promise((resolve) => setImmediate(resolve));
  driver.end();
  await server.stop();
  const until = Date.now() + 5000;
  while (rig.hot.stats().open > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(rig.hot.stats().open, 0);
  assert.equal(rig.hot.stats().connections, 0);
  rig.close();
});
