import { input } from "../input.ts";

/** H: the eight words of the chaining state (FIPS 180-4, 6.2). The caller sets them before the first block. */
export const state: usize = memory.data(32, 16);

/** K: the constants of the 64 rounds (FIPS 180-4, 4.2.2). */
const roundConstants: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

/** W: the 64 words of a block's message schedule. */
const schedule: usize = memory.data(256, 16);

const blockSize: usize = 64;

/** Takes `length` bytes of the input, whole blocks, into the chaining state. */
export function sha256Blocks(length: u32): void {
  const end = input + length;
  for (let block = input; block < end; block += blockSize) {
    expand(block);
    compress();
  }
}

/** The message schedule of a block: its 16 words, in big-endian order, and 48 that are mixed from them. */
function expand(block: usize): void {
  for (let t: usize = 0; t < 16; t++)
    store<u32>(schedule + (t << 2), bswap<u32>(load<u32>(block + (t << 2))));
  for (let word = schedule + 64; word < schedule + 256; word += 4) {
    // Words t-16, t-15, t-7 and t-2: 64, 60, 28 and 8 bytes before.
    const mixed = load<u32>(word - 64) + smallSigma0(load<u32>(word - 60));
    store<u32>(word, mixed + load<u32>(word - 28) + smallSigma1(load<u32>(word - 8)));
  }
}

/**
 * The 64 rounds. A round changes two of its eight variables and renames all: eight rounds written one below the other
 * need no renaming.
 */
function compress(): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  for (let t: usize = 0; t < 256; t += 32) {
    h += chosen(e, f, g) + roundWord(t);
    d += h;
    h += majority(a, b, c);
    g += chosen(d, e, f) + roundWord(t + 4);
    c += g;
    g += majority(h, a, b);
    f += chosen(c, d, e) + roundWord(t + 8);
    b += f;
    f += majority(g, h, a);
    e += chosen(b, c, d) + roundWord(t + 12);
    a += e;
    e += majority(f, g, h);
    d += chosen(a, b, c) + roundWord(t + 16);
    h += d;
    d += majority(e, f, g);
    c += chosen(h, a, b) + roundWord(t + 20);
    g += c;
    c += majority(d, e, f);
    b += chosen(g, h, a) + roundWord(t + 24);
    f += b;
    b += majority(c, d, e);
    a += chosen(f, g, h) + roundWord(t + 28);
    e += a;
    a += majority(b, c, d);
  }
  add(0, a);
  add(4, b);
  add(8, c);
  add(12, d);
  add(16, e);
  add(20, f);
  add(24, g);
  add(28, h);
}

function add(offset: usize, value: u32): void {
  store<u32>(state + offset, load<u32>(state + offset) + value);
}

/** K and W of the round whose words stand at `offset`. */
function roundWord(offset: usize): u32 {
  return load<u32>(roundConstants + offset) + load<u32>(schedule + offset);
}

/** Σ1 of `e`, and Ch: the bits of `f` where `e` has a one, of `g` where it has a zero. */
function chosen(e: u32, f: u32, g: u32): u32 {
  return (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (g ^ (e & (f ^ g)));
}

/** Σ0 of `a`, and Maj: the bits that most of `a`, `b` and `c` have. */
function majority(a: u32, b: u32, c: u32): u32 {
  return (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) | (c & (a | b)));
}

/** σ0 */
function smallSigma0(word: u32): u32 {
  return rotr<u32>(word, 7) ^ rotr<u32>(word, 18) ^ (word >> 3);
}

/** σ1 */
function smallSigma1(word: u32): u32 {
  return rotr<u32>(word, 17) ^ rotr<u32>(word, 19) ^ (word >> 10);
}
