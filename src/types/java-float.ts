// Digits of a float or double as the Java runtimes that Cassandra 5.0 runs on (11 and 17) print them. They are not
// always the shortest ones: whole numbers keep digits by a rule of their own, and the search for the others stops by
// comparisons that are slightly off (JDK-4511638, mended in 19). What Cassandra shows and stores depends on it.

export type Digits = {
  /** Significant digits without leading zeros. */
  readonly digits: string;
  /** The value is 0.digits * 10^exponent. */
  readonly exponent: number;
};

const fractionBits = 52;
/** Bits of 5^n for n below 27, the powers of 5 that fit in 63 bits. */
const bitsOfFivePower = Array.from({ length: 27 }, (_, n) => (n === 0 ? 0 : (5n ** BigInt(n)).toString(2).length));
const bitsOfFive = (n: number): number => bitsOfFivePower[n] ?? n * 3;

/** Digits of a finite double above 0. */
export function doubleDigits(value: number): Digits {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  return normalisedDigits(bits & ((1n << 52n) - 1n), Number(bits >> 52n), 52, 1023);
}

/** Digits of a finite float above 0. */
export function floatDigits(value: number): Digits {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  return normalisedDigits(BigInt(bits & 0x7fffff), bits >>> 23, 23, 127);
}

function normalisedDigits(stored: bigint, exponentField: number, width: number, bias: number): Digits {
  const hidden = 1n << BigInt(width);
  if (exponentField !== 0) return digitsOf(widen(stored | hidden, width), exponentField - bias, width + 1);
  const significant = stored.toString(2).length;
  const shift = width + 1 - significant;
  return digitsOf(widen(stored << BigInt(shift), width), 1 - shift - bias, significant);
}

const widen = (fraction: bigint, width: number): bigint => fraction << BigInt(fractionBits - width);

/**
 * @param fraction  53 bits, the highest one set
 * @param binaryExponent  of that highest bit
 * @param significant  how many of the bits the format stores
 */
function digitsOf(fraction: bigint, binaryExponent: number, significant: number): Digits {
  let tailZeros = 0;
  while (((fraction >> BigInt(tailZeros)) & 1n) === 0n) tailZeros += 1;
  const bits = fractionBits + 1 - tailZeros;
  const bitsBelowPoint = Math.max(0, bits - binaryExponent - 1);
  if (bitsBelowPoint === 0 && binaryExponent <= 62) return wholeDigits(fraction, binaryExponent, significant);
  return generateDigits(fraction >> BigInt(tailZeros), bits, bitsBelowPoint, binaryExponent, significant, fraction);
}

/** A whole number that fits in a long: exact, less the low digits that the format cannot tell apart. */
function wholeDigits(fraction: bigint, binaryExponent: number, significant: number): Digits {
  const shift = BigInt(binaryExponent - fractionBits);
  let value = shift >= 0n ? fraction << shift : fraction >> -shift;
  const power = binaryExponent - significant - 1;
  const dropped = binaryExponent > significant && power > 1 ? Math.floor(power * Math.log10(2)) : 0;
  const unit = 10n ** BigInt(dropped);
  const residue = value % unit;
  value /= unit;
  if (dropped > 0 && residue >= unit / 2n) value += 1n;
  const text = value.toString();
  return { digits: text.replace(/0+$/, ''), exponent: text.length + dropped };
}

function estimateExponent(fraction: bigint, binaryExponent: number): number {
  const mantissa = Number(fraction) / 2 ** fractionBits;
  return Math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + binaryExponent * 0.301029995663981);
}

/** Digit by digit, until what is left is below half the distance to a neighbour. */
function generateDigits(
  odd: bigint,
  bits: number,
  bitsBelowPoint: number,
  binaryExponent: number,
  significant: number,
  fraction: bigint,
): Digits {
  let decimalExponent = estimateExponent(fraction, binaryExponent);
  const five = Math.max(0, -decimalExponent);
  const scaleFive = Math.max(0, decimalExponent);
  let valueTwo = five + bitsBelowPoint + binaryExponent;
  let scaleTwo = scaleFive + bitsBelowPoint;
  let marginTwo = valueTwo - significant;
  valueTwo -= bits - 1;
  const common = Math.min(valueTwo, scaleTwo);
  valueTwo -= common;
  scaleTwo -= common;
  marginTwo -= common;
  if (bits === 1) marginTwo -= 1; // below a power of two the neighbour is half as far
  if (marginTwo < 0) {
    valueTwo -= marginTwo;
    scaleTwo -= marginTwo;
    marginTwo = 0;
  }
  const widest = Math.max(bits + valueTwo + bitsOfFive(five), scaleTwo + 1 + bitsOfFive(scaleFive + 1));
  const word = widest < 32 ? 32 : 64; // sums wrap around, which stops the search later than it should
  const power = 5n ** BigInt(five);
  const scale = (5n ** BigInt(scaleFive)) << BigInt(scaleTwo);
  const tens = scale * 10n;
  let rest = (odd * power) << BigInt(valueTwo);
  let margin = power << BigInt(marginTwo);
  const digits: number[] = [];
  let low = false;
  let high = false;
  const step = (): number => {
    const digit = Number(rest / scale);
    rest = 10n * (rest % scale);
    margin *= 10n;
    if (widest >= 64) {
      low = rest < margin;
      high = rest + margin >= tens;
      return digit;
    }
    margin = BigInt.asIntN(word, margin);
    low = margin <= 0n || rest < margin;
    high = margin <= 0n || BigInt.asIntN(word, rest + margin) > tens;
    return digit;
  };
  const first = step();
  if (first === 0 && !high) decimalExponent -= 1;
  else digits.push(first);
  if (decimalExponent < -3 || decimalExponent >= 8) {
    low = false; // one digit more, for the form with an exponent always has two
    high = false;
  }
  while (!low && !high) digits.push(step());
  const difference = 2n * rest - tens;
  const up = high && (!low || difference > 0n || (difference === 0n && digits.at(-1)! % 2 === 1));
  return up ? roundUp(digits, decimalExponent + 1) : { digits: digits.join(''), exponent: decimalExponent + 1 };
}

function roundUp(digits: number[], exponent: number): Digits {
  const text = (BigInt(digits.join('')) + 1n).toString().padStart(digits.length, '0');
  return text.length > digits.length ? { digits: '1', exponent: exponent + 1 } : { digits: text, exponent };
}
