// A protocol fuzzer. First the codec: mutated byte streams through the decoders of each version, which must end with frames and errors and
// never with anything else. Then a node: mutated requests over sockets, among them EXECUTEs of statements that are prepared there; it must
// stay alive, answer a plain query between the rounds, log no unexpected error, and let every connection go.
// Usage: node dist/test/fuzz/protocol.js [COUNT] [SEED]; FUZZ_COUNT and FUZZ_SEED are the same.
import fc from 'fast-check';
import { FerrosaError } from '../../src/common/errors.js';
import {
  bodyCompressor,
  decodeRequest,
  EnvelopeDecoder,
  EnvelopeFlag,
  encodeSegments,
  type FrameDecoder,
  FramedDecoder,
  Opcode,
  type RequestMessage,
} from '../../src/protocol/index.js';
import { CqlClient, type Prepared } from '../support/cql-client.js';
import { encode, encodeEnvelope } from '../support/cql-frames.js';
import { encodeRequestBody } from '../support/encode-request.js';
import { Ferrosa } from '../support/ferrosa.js';
import { Prng } from '../support/prng.js';
import { RawClient } from '../support/raw-client.js';
import { requestOf, versions } from '../support/request-arbitraries.js';
import { MemoryWatch } from './memory-watch.js';
import { ddl, templates } from './statements.js';
import { randomValue } from './values.js';

const count = Number(process.argv[2] ?? process.env['FUZZ_COUNT'] ?? 1_000_000);
const seed = Number(process.argv[3] ?? process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_007);

type Version = (typeof versions)[number];
const samples = new Map<Version, RequestMessage[]>(
  versions.map((version) => [version, fc.sample(requestOf(version), { numRuns: 400, seed })]),
);
const edges = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];
const lz4 = bodyCompressor('lz4');

let prepared: readonly Prepared[] = [];

/** Makes tables on the node and prepares hot statements, whose ids are the same for every connection. */
async function prepareStatements(port: number): Promise<void> {
  const client = await CqlClient.connect({ port, version: 5 });
  for (const statement of ddl) await client.query(statement);
  prepared = await Promise.all(templates.map((text) => client.prepare(text)));
  await client.close();
}

/** A whole request, sometimes with flags or a compressed body. */
function envelopeOf(prng: Prng, version: Version, stream: number): Buffer {
  const message = prng.pick(samples.get(version)!);
  let body = encodeRequestBody(message, version);
  const known = prepared.length === 0 ? undefined : prng.pick(prepared);
  if (known !== undefined && message.kind === 'EXECUTE' && prng.below(2) === 0) {
    // Hot: what the addon runs by itself.
    const { id, resultMetadataId, bindColumns } = known;
    const values = bindColumns.map(({ type }) => encode.value(randomValue(prng, type)));
    const flags = prng.below(4) === 0 ? 0x05 : 0x01;
    body = Buffer.concat([
      encode.shortBytes(id),
      version === 5 ? encode.shortBytes(resultMetadataId!) : Buffer.alloc(0),
      encode.short(prng.pick([1, 1, 1, 2, 4, 6, 10, 8])),
      version === 5 ? encode.int(flags) : Buffer.from([flags]),
      encode.short(values.length),
      ...values,
      flags & 4 ? encode.int(prng.pick([1, 2, 5000, -1, 0])) : Buffer.alloc(0),
    ]);
  }
  let flags = prng.below(8) === 0 ? prng.below(32) : 0;
  if (prng.below(16) === 0) {
    body = Buffer.from(lz4.compress(body));
    flags |= EnvelopeFlag.COMPRESSED;
  }
  return encodeEnvelope(version, Opcode[message.kind], stream, body, flags);
}

function mutate(prng: Prng, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let edits = 1 + prng.below(4); edits > 0 && result.length > 0; edits--) {
    const at = prng.below(result.length);
    const kind = prng.below(6);
    if (kind === 0) result[at] = result[at]! ^ (1 << prng.below(8));
    else if (kind === 1) result[at] = prng.pick(edges);
    else if (kind === 2) result[at] = prng.below(256);
    else if (kind === 3) result = Buffer.from(result.subarray(0, at));
    else if (kind === 4) result = Buffer.concat([result.subarray(0, at), result.subarray(prng.below(result.length))]);
    else result.fill(prng.pick(edges), at, Math.min(result.length, at + 4));
  }
  return result;
}

/** Decodes everything; what is thrown and is no protocol error is a bug. */
function decodeAll(decoder: FrameDecoder, bytes: Buffer, prng: Prng): number {
  let items = 0;
  const cut = 1 + prng.below(bytes.length + 1);
  for (let at = 0; at < bytes.length; at += cut) {
    decoder.push(bytes.subarray(at, at + cut));
    for (let item = decoder.next(); item !== null; item = decoder.next()) {
      items++;
      if (items > bytes.length + 1) throw new Error('more frames than bytes');
      if (item.kind === 'error') continue;
      try {
        const packed = (item.flags & EnvelopeFlag.COMPRESSED) !== 0;
        const body = packed ? lz4.decompress(item.body, 1 << 20) : item.body;
        decodeRequest(item.opcode, item.version, item.flags, body);
      } catch (error) {
        if (!(error instanceof FerrosaError) || error.code !== 'PROTOCOL_ERROR') throw error;
      }
    }
  }
  return items;
}

function fuzzCodec(total: number): void {
  const prng = new Prng(seed);
  let items = 0;
  for (let done = 0; done < total; done++) {
    const version = prng.pick(versions);
    const framed = version === 5 && prng.below(2) === 0;
    const packed = prng.below(2) === 0;
    let bytes = envelopeOf(prng, version, done & 0x7fff);
    // Inside the checksums as well as outside: without the first, nothing behind them would be reached.
    if (prng.below(4) > 0) bytes = mutate(prng, bytes);
    if (framed && bytes.length > 0) bytes = Buffer.from(encodeSegmentsOf(bytes, packed));
    if (framed && prng.below(4) === 0) bytes = mutate(prng, bytes);
    const decoder = framed ? new FramedDecoder(5, packed, 1 << 20) : new EnvelopeDecoder(1 << 20);
    items += decodeAll(decoder, bytes, prng);
  }
  console.log(`codec: ${total} mutated frames, ${items} frames and errors`);
}

/** The writer of segments wants whole envelopes: bytes that are none travel as the body of one, without its header. */
function encodeSegmentsOf(bytes: Buffer, packed: boolean): Uint8Array {
  const whole = bytes.length >= 9 && bytes.readInt32BE(5) === bytes.length - 9;
  return encodeSegments([whole ? bytes : encodeEnvelope(5, Opcode.QUERY, 1, bytes)], packed);
}

const closeMsMax = 10_000;

/** One connection with a burst of mutated requests; resolves when the server has let it go. */
async function attack(prng: Prng, target: number, burst: number): Promise<void> {
  const version = prng.pick(versions);
  const client = prng.below(4) === 0 ? await RawClient.connect(target) : await RawClient.start(target, version);
  for (let i = 0; i < burst && !client.isClosed; i++) {
    const envelope = mutate(prng, envelopeOf(prng, version, i));
    client.send(version === 5 && prng.below(8) > 0 ? encodeSegmentsOf(envelope, false) : envelope);
  }
  client.end();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('a connection that its client has ended stays open')), closeMsMax);
  });
  await Promise.race([client.closed(), late]);
  clearTimeout(timer);
}

async function fuzzServer(total: number, target: number, memory: MemoryWatch): Promise<void> {
  const prng = new Prng(seed + 1);
  const burst = 50;
  for (let done = 0; done < total; ) {
    const attacks = Array.from({ length: 16 }, () => attack(prng, target, burst));
    await Promise.all(attacks);
    done += attacks.length * burst;
    const client = await CqlClient.connect({ port: target, version: 5 });
    const { rows } = await client.query("SELECT key FROM system.local WHERE key = 'local'");
    if (rows.length !== 1) throw new Error('the plain query has no answer');
    await client.close();
    memory.at(done);
  }
  console.log(`server: ${total} mutated requests, alive and answering`);
}

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

async function main(): Promise<void> {
  console.log(`protocol fuzzer: ${count} frames, seed ${seed}`);
  fuzzCodec(Math.ceil(count * 0.8));
  const node = await Ferrosa.start();
  try {
    await prepareStatements(node.port);
    const total = Math.ceil(count * 0.2);
    const memory = new MemoryWatch(node.pid, total);
    await fuzzServer(total, node.port, memory);
    console.log(memory.toString());
    if (memory.hasGrown) throw new Error('memory grew');
    for (const what of [
      'ferrosa_cql_connections',
      'ferrosa_cql_requests_in_flight',
      'ferrosa_cql_request_bytes_in_flight',
    ]) {
      const left = await metric(node.webPort, what);
      if (left !== 0) throw new Error(`${what} is ${left} without clients`);
    }
    if (/"level":[56]0/.test(node.output)) throw new Error('the node logged an unexpected error');
  } catch (error) {
    console.log(`failed: ${(error as Error).message}\n${node.output}`);
    console.log(`${count - 1} passed, 1 failed`);
    process.exitCode = 1;
    return;
  } finally {
    await node.remove();
  }
  console.log(`${count} passed, 0 failed`);
}

await main();
