// Values on their way into and out of QuickJS, as JSON that says what JSON cannot: bigints, bytes, dates, sets, maps.

/** `n` bigint, `b` bytes in hex, `d` a Date's milliseconds, `f` a number that JSON has not, `l` list, `s` set, `m` map, `o` object. */
export type Tagged =
  | null
  | boolean
  | number
  | string
  | { readonly n: string }
  | { readonly b: string }
  | { readonly d: number | null }
  | { readonly f: string }
  | { readonly l: readonly Tagged[] }
  | { readonly s: readonly Tagged[] }
  | { readonly m: readonly (readonly [Tagged, Tagged])[] }
  | { readonly o: readonly (readonly [string, Tagged])[] };

/**
 * Runs inside QuickJS before the function does. Gives { read, write, bytes, view, date, tell, source }: tagged JSON to a value and back, bytes of a value
 * as an ArrayBuffer, an ArrayBuffer as bytes, milliseconds as a Date, an error as text, a function as its source. What it needs is taken before
 * a function can change it; whatever it gives is checked outside all the same.
 */
export const bridgeSource = `(function () {
  'use strict';
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { keys, is } = Object;
  const [D, S, M, U8, AB, N, B, P, T, Text] = [Date, Set, Map, Uint8Array, ArrayBuffer, Number, BigInt, Promise, TypeError, String];
  const source = Function.prototype.call.bind(Function.prototype.toString);
  const depthMax = 64;
  const hexDigits = '0123456789abcdef';
  function toHex(bytes) {
    let text = '';
    for (let i = 0; i < bytes.length; i++) text += hexDigits[bytes[i] >> 4] + hexDigits[bytes[i] & 15];
    return text;
  }
  function fromHex(text) {
    const bytes = new U8(text.length / 2);
    for (let i = 0; i < bytes.length; i++) bytes[i] = hexDigits.indexOf(text[2 * i]) * 16 + hexDigits.indexOf(text[2 * i + 1]);
    return bytes;
  }
  function read(v) {
    if (v === null || typeof v !== 'object') return v;
    if ('n' in v) return B(v.n);
    if ('b' in v) return fromHex(v.b);
    if ('d' in v) return new D(v.d);
    if ('f' in v) return v.f === '-0' ? -0 : N(v.f);
    if ('l' in v) return v.l.map(read);
    if ('s' in v) return new S(v.s.map(read));
    if ('m' in v) return new M(v.m.map(([k, w]) => [read(k), read(w)]));
    const object = {};
    for (const [k, w] of v.o) object[k] = read(w);
    return object;
  }
  function write(v, depth) {
    if (depth > depthMax) throw new T('the value nests deeper than ' + depthMax + ' levels');
    switch (typeof v) {
      case 'undefined': return null;
      case 'boolean': case 'string': return v;
      case 'number': return v - v === 0 && !is(v, -0) ? v : { f: is(v, -0) ? '-0' : Text(v) };
      case 'bigint': return { n: Text(v) };
      case 'object': break;
      default: throw new T('a ' + typeof v + ' is no CQL value');
    }
    if (v === null) return null;
    const next = (w) => write(w, depth + 1);
    if (isArray(v)) { const l = []; for (const w of v) l.push(next(w)); return { l }; }
    if (v instanceof U8) return { b: toHex(v) };
    if (v instanceof AB) return { b: toHex(new U8(v)) };
    if (v instanceof D) {
      const d = v.getTime();
      if (is(d, NaN)) throw new T('an invalid Date is no CQL value');
      return { d };
    }
    if (v instanceof P) throw new T('a promise is no CQL value');
    if (v instanceof S) { const s = []; for (const w of v) s.push(next(w)); return { s }; }
    if (v instanceof M) { const m = []; for (const [k, w] of v) m.push([next(k), next(w)]); return { m }; }
    const o = [];
    for (const k of keys(v)) o.push([k, next(v[k])]);
    return { o };
  }
  return {
    source,
    read: (text) => read(parse(text)),
    write: (v) => stringify(write(v, 0)),
    bytes: (v) => {
      if (v instanceof AB) return v;
      if (!(v instanceof U8)) throw new T('a blob is a Uint8Array');
      return v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength);
    },
    view: (buffer) => new U8(buffer),
    date: (ms) => new D(ms),
    tell: (e) => {
      if (e === null || typeof e !== 'object') return Text(e);
      return e.message === undefined ? Text(e) : Text(e.name) + ': ' + Text(e.message);
    },
  };
})()`;
