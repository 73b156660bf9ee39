/*
 * Huffman codes of limited length, and their canonical form (RFC 1951, 3.2.2).
 *
 * A code is a table with an entry for each symbol: the bits of its codeword in the order in which they are written,
 * and their number from bit 24 on. An entry of 0 is a symbol without one.
 */

/** Symbols by frequency: the frequency from bit 9 on, the symbol below. */
const sorted = memory.data(4 * 286, 16);
/** What {@link measureDepths} works on: frequencies, then parents, then depths. */
const work = memory.data(4 * 286, 16);
/** How many codewords there are of each length. Lengths that no limit allows are counted too, at first. */
const lengthCounts = memory.data(4 * 33, 16);
/** For each length, the next codeword. */
const nextCodes = memory.data(4 * 16, 16);

const SYMBOL_BITS: u32 = 9;
const LONGEST_OF_ALL: u32 = 32;
const LONGEST_CODEWORD: u32 = 15;

export function codewordBits(entry: u32): u32 {
  return entry & 0xffffff;
}

export function codewordLength(entry: u32): u32 {
  return entry >> 24;
}

/** A code for symbols of which `frequencies` tells how often each occurs, with no codeword of more than `longest` bits. */
export function makeCode(frequencies: usize, symbols: u32, longest: u32, code: usize): void {
  const used = sortSymbols(frequencies, symbols);
  memory.fill(lengthCounts, 0, 4 * (LONGEST_OF_ALL + 1));
  memory.fill(code, 0, symbols << 2);
  if (used < 2) {
    makeCodeOfTwo(used == 0 ? 0 : load<u32>(sorted) & ((1 << SYMBOL_BITS) - 1), code);
  } else {
    measureDepths(used);
    limitLengths(longest);
    assignLengths(longest, code);
  }
  assignCodewords(symbols, code);
}

/** Decoders differ about codes of no symbol or one; all know a code of two. */
function makeCodeOfTwo(symbol: u32, code: usize): void {
  store<u32>(code + (symbol << 2), 1 << 24);
  store<u32>(code + ((symbol == 0 ? 1 : 0) << 2), 1 << 24);
  store<u32>(lengthCounts + 4, 2);
}

/** Puts the symbols that occur into `sorted`, the rarest first, and gives their number. */
function sortSymbols(frequencies: usize, symbols: u32): u32 {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const frequency = load<u32>(frequencies + (symbol << 2));
    if (frequency == 0) continue;
    store<u32>(sorted + (used << 2), (frequency << SYMBOL_BITS) | symbol);
    used++;
  }
  // Shell's sort, with Knuth's gaps.
  let gap: u32 = 1;
  while (gap < used / 3) gap = gap * 3 + 1;
  for (; gap > 0; gap /= 3) {
    for (let index = gap; index < used; index++) {
      const key = load<u32>(sorted + (index << 2));
      let place = index;
      for (; place >= gap; place -= gap) {
        const other = load<u32>(sorted + ((place - gap) << 2));
        if (other <= key) break;
        store<u32>(sorted + (place << 2), other);
      }
      store<u32>(sorted + (place << 2), key);
    }
  }
  return used;
}

function at(index: u32): u32 {
  return load<u32>(work + (index << 2));
}

function setAt(index: u32, value: u32): void {
  store<u32>(work + (index << 2), value);
}

/**
 * Counts how many of at least two codewords Huffman's algorithm gives each length, without building a tree: Moffat and
 * Katajainen, "In-place calculation of minimum-redundancy codes" (1995).
 */
function measureDepths(used: u32): void {
  for (let index: u32 = 0; index < used; index++)
    setAt(index, load<u32>(sorted + (index << 2)) >> SYMBOL_BITS);
  joinRarest(used);
  const lastNode = used - 2;
  // From parents to depths: the root is the last node.
  setAt(lastNode, 0);
  for (let node = i32(lastNode) - 1; node >= 0; node--) setAt(node, at(at(node)) + 1);
  // Of the nodes of each depth, those that are not inner ones are leaves.
  let inner = i32(lastNode);
  let leaves = used;
  let available: u32 = 1;
  for (let depth: u32 = 0; leaves > 0; depth++) {
    let innerHere: u32 = 0;
    for (; inner >= 0 && at(inner) == depth; inner--) innerHere++;
    const leavesHere = available - innerHere;
    const counted = lengthCounts + (min(depth, LONGEST_OF_ALL) << 2);
    store<u32>(counted, load<u32>(counted) + leavesHere);
    leaves -= leavesHere;
    available = innerHere << 1;
  }
}

/** Huffman's algorithm: joins the two rarest until one is left. Each inner node then holds its parent's index. */
function joinRarest(used: u32): void {
  let leaf: u32 = 0;
  let root: u32 = 0;
  for (let node: u32 = 0; node < used - 1; node++) {
    let sum: u32 = 0;
    for (let child = 0; child < 2; child++) {
      if (leaf >= used || (root < node && at(root) < at(leaf))) {
        sum += at(root);
        setAt(root, node);
        root++;
      } else {
        sum += at(leaf);
        leaf++;
      }
    }
    setAt(node, sum);
  }
}

/**
 * Shortens what is longer than `longest`. That makes too many codewords of that length, so for each that is
 * too many, one of the next shorter length becomes two that are a bit longer, and takes it as its twin.
 */
function limitLengths(longest: u32): void {
  const atLongest = lengthCounts + (longest << 2);
  for (let length = longest + 1; length <= LONGEST_OF_ALL; length++) {
    store<u32>(atLongest, load<u32>(atLongest) + load<u32>(lengthCounts + (length << 2)));
  }
  let room: u32 = 0;
  for (let length: u32 = 1; length <= longest; length++) {
    room += load<u32>(lengthCounts + (length << 2)) << (longest - length);
  }
  for (; room > u32(1) << longest; room--) {
    let length = longest - 1;
    while (load<u32>(lengthCounts + (length << 2)) == 0) length--;
    const shorter = lengthCounts + (length << 2);
    store<u32>(atLongest, load<u32>(atLongest) - 1);
    store<u32>(shorter, load<u32>(shorter) - 1);
    store<u32>(shorter + 4, load<u32>(shorter + 4) + 2);
  }
}

/** The rarest symbols get the longest codewords. */
function assignLengths(longest: u32, code: usize): void {
  let symbolAt = sorted;
  for (let length = longest; length > 0; length--) {
    for (let count = load<u32>(lengthCounts + (length << 2)); count > 0; count--) {
      const symbol = load<u32>(symbolAt) & ((1 << SYMBOL_BITS) - 1);
      store<u32>(code + (symbol << 2), length << 24);
      symbolAt += 4;
    }
  }
}

/** The canonical codewords of the lengths that `code` holds and `lengthCounts` counts (RFC 1951, 3.2.2). */
function assignCodewords(symbols: u32, code: usize): void {
  let first: u32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODEWORD; length++) {
    store<u32>(nextCodes + (length << 2), first);
    first = (first + load<u32>(lengthCounts + (length << 2))) << 1;
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const entry = code + (symbol << 2);
    const length = codewordLength(load<u32>(entry));
    if (length == 0) continue;
    const nextCode = nextCodes + (length << 2);
    const codeword = load<u32>(nextCode);
    store<u32>(nextCode, codeword + 1);
    store<u32>(entry, (length << 24) | reversed(codeword, length));
  }
}

/** The lowest `length` bits of `codeword`, at most 16, in reverse order: codewords start with their highest bit. */
export function reversed(codeword: u32, length: u32): u32 {
  let bits = ((codeword & 0x5555) << 1) | ((codeword >> 1) & 0x5555);
  bits = ((bits & 0x3333) << 2) | ((bits >> 2) & 0x3333);
  bits = ((bits & 0x0f0f) << 4) | ((bits >> 4) & 0x0f0f);
  return (((bits & 0x00ff) << 8) | (bits >> 8)) >> (16 - length);
}
