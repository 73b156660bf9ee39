import { describeWithPeers, run } from "@drayage-internal/peers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeTarHeader, type TarEntryInput, type TarHeader, tarEnd } from "../src/index.ts";
import { concat, latin } from "./support/archive.ts";
import { decode } from "./support/decode.ts";

interface Member {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly linkname: string;
  readonly uname: string;
  readonly gname: string;
  readonly devmajor: number;
  readonly devminor: number;
}

const fields = "'mode', 'uid', 'gid', 'mtime', 'linkname', 'uname', 'gname', 'devmajor', 'devminor'";

// Reads lists of members as JSON, and writes one archive for each format after another, with their lengths first.
const writer = `
import io, json, sys, tarfile
archives = []
members = json.load(sys.stdin)
for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for member in members[str(format)]:
            info = tarfile.TarInfo(member["name"])
            info.type = member["type"].encode()
            for field in (${fields}):
                setattr(info, field, member[field])
            data = (member["name"].encode() * 9)[:700] if info.isreg() else b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    archives.append(out.getvalue())
sys.stdout.buffer.write((json.dumps([len(each) for each in archives]) + "\\n").encode() + b"".join(archives))
`;

// Reads an archive, and writes what it finds as JSON.
const reader = `
import io, json, sys, tarfile
with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode="r:") as archive:
    members = [{"name": each.name, "type": each.type.decode(), "size": each.size,
                **{field: getattr(each, field) for field in (${fields})}} for each in archive]
json.dump(members, sys.stdout)
`;

const types = ["0", "1", "2", "3", "4", "5", "6"];

function memberOf(format: "ustar" | "gnu" | "pax", seconds: fc.Arbitrary<number>): fc.Arbitrary<Member> {
  const ascii = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
  const unicode = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  const part = (format === "ustar" ? ascii : fc.oneof(ascii, unicode)).map((text) =>
    text.replace(/[\0/]/g, "-"),
  );
  const most = format === "ustar" ? 4 : 12;
  // What ends in a slash or a dot is changed by Python on its way.
  const name = fc.array(part, { minLength: 1, maxLength: most }).map((parts) => `${parts.join("/")}x`);
  const id = fc.oneof(
    fc.nat({ max: 0o7777777 }),
    format === "ustar" ? fc.constant(0) : fc.nat({ max: 2 ** 32 }),
  );
  const owner = ascii.map((text) => text.replaceAll("\0", "-"));
  const device = fc.nat({ max: 255 });
  const member = fc.record({
    name,
    type: fc.constantFrom(...types),
    mode: fc.nat({ max: 0o7777 }),
    uid: id,
    gid: id,
    mtime: seconds,
    linkname: name,
    uname: owner,
    gname: owner,
    devmajor: device,
    devminor: device,
  });
  // Python writes device numbers for devices only.
  return member.map((each) => ("34".includes(each.type) ? each : { ...each, devmajor: 0, devminor: 0 }));
}

const late = fc.integer({ min: 0, max: 2 ** 40 });
const members = {
  ustar: fc.sample(memberOf("ustar", fc.nat({ max: 0o77777777777 })), { numRuns: 120, seed: 1 }),
  gnu: fc.sample(memberOf("gnu", late), { numRuns: 120, seed: 1 }),
  pax: fc.sample(
    memberOf(
      "pax",
      late.map((seconds) => seconds + 0.25),
    ),
    120,
  ),
};

function toEntry(member: Member, format: TarHeader["format"]): TarEntryInput {
  const { type, mtime, ...rest } = member;
  const name = type === "5" ? `${member.name}/` : member.name;
  const seconds = Math.floor(mtime);
  return {
    ...rest,
    name,
    typeflag: type,
    linkname: type === "1" || type === "2" ? member.linkname : "",
    mtime: { seconds, nanoseconds: (mtime - seconds) * 1e9 },
    format,
  };
}

describeWithPeers("Python's tarfile", ["python3"], ({ python3 }) => {
  it("its archives in the formats ustar, GNU and PAX are read", async () => {
    const input = JSON.stringify({ 0: members.ustar, 1: members.gnu, 2: members.pax });
    const { bytes } = await run(python3, ["-c", writer], { input });
    const newline = bytes.indexOf(0x0a);
    const lengths = JSON.parse(latin(bytes.subarray(0, newline))) as number[];
    let start = newline + 1;
    for (const [index, format] of (["ustar", "gnu", "pax"] as const).entries()) {
      const archive = bytes.subarray(start, start + (lengths[index] ?? 0));
      start += archive.length;
      const decoded = decode(archive, [1000, 1]);
      expect(latin(decoded.bytes) === latin(archive)).toBe(true);
      expect(decoded.entries.length).toBe(members[format].length);
      for (const [at, { header, data }] of decoded.entries.entries()) {
        const member = members[format][at];
        if (member === undefined) throw new Error("an entry too many");
        const { format: _, typeflag, linkname, ...expected } = toEntry(member, format);
        expect(header).toMatchObject({ ...expected, typeflag });
        expect(header.linkname).toBe(member.linkname);
        expect(latin(data)).toBe(
          member.type === "0" ? latin(Buffer.from(member.name.repeat(9)).subarray(0, 700)) : "",
        );
      }
    }
    expect(start).toBe(bytes.length);
  });

  it.each(["ustar", "gnu", "pax"] as const)("it reads what is written in the format %s", async (format) => {
    const archive = concat(
      ...members[format].map((member) => encodeTarHeader(toEntry(member, format))),
      tarEnd(),
    );
    const { stdout } = await run(python3, ["-c", reader], { input: archive });
    const found = JSON.parse(stdout) as (Member & { readonly size: number })[];
    expect(found.length).toBe(members[format].length);
    for (const [index, member] of members[format].entries()) {
      const { linkname } = toEntry(member, format);
      expect(found[index]).toEqual({ ...member, linkname, size: 0 });
    }
  });
});
