import { closeSync, constants, openSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { requireSys } from "../src/index.ts";
import { useFolder } from "./support/folder.ts";
import { named, whyNoTrustedXattrs, whyNoUserXattrs } from "./support/machine.ts";

const sys = requireSys("test");
const at = useFolder();
beforeEach(() => writeFileSync(at("file"), ""));

const names = (list: readonly Uint8Array[]): string[] =>
  list.map((name) => new TextDecoder().decode(name)).sort();

describe("extended attributes", () => {
  it.skipIf(whyNoUserXattrs !== undefined)(
    named("of a path are set, got, listed and removed", whyNoUserXattrs),
    () => {
      const value = Uint8Array.from({ length: 1000 }, (_, index) => index);
      sys.setXattr(at("file"), "user.a", value);
      sys.setXattr(at("file"), "user.empty", new Uint8Array());
      sys.setXattr(at("file"), "user.a.b", Uint8Array.of(0));
      expect(sys.getXattr(at("file"), "user.a")).toEqual(value);
      expect(sys.getXattr(at("file"), "user.empty")).toEqual(new Uint8Array());
      expect(names(sys.listXattrs(at("file")))).toEqual(
        expect.arrayContaining(["user.a", "user.a.b", "user.empty"]),
      );
      sys.setXattr(at("file"), "user.a", Uint8Array.of(1));
      expect(sys.getXattr(at("file"), "user.a")).toEqual(Uint8Array.of(1));
      sys.removeXattr(at("file"), "user.a");
      expect(sys.getXattr(at("file"), "user.a")).toBe(undefined);
      expect(names(sys.listXattrs(at("file")))).not.toContain("user.a");
      expect(() => sys.removeXattr(at("file"), "user.a")).toThrow(
        expect.objectContaining({ code: "ENODATA" }),
      );
    },
  );

  it.skipIf(whyNoUserXattrs !== undefined)(
    named("of an open file, and of one in an open folder", whyNoUserXattrs),
    () => {
      const fd = openSync(at("file"), "r");
      sys.setXattr(fd, "user.a", Uint8Array.of(1));
      expect(sys.getXattr(at("file"), "user.a")).toEqual(Uint8Array.of(1));
      expect(sys.getXattr(fd, "user.a")).toEqual(Uint8Array.of(1));
      expect(names(sys.listXattrs(fd))).toContain("user.a");
      sys.removeXattr(fd, "user.a");
      expect(sys.getXattr(fd, "user.a")).toBe(undefined);
      closeSync(fd);
      const folder = openSync(at(), constants.O_DIRECTORY);
      sys.setXattr(`/proc/self/fd/${folder}/file`, "user.b", Uint8Array.of(2));
      sys.setXattr(`/proc/self/fd/${folder}/.`, "user.c", Uint8Array.of(3));
      closeSync(folder);
      expect(sys.getXattr(at("file"), "user.b")).toEqual(Uint8Array.of(2));
      expect(sys.getXattr(at(), "user.c")).toEqual(Uint8Array.of(3));
    },
  );

  it.skipIf(whyNoUserXattrs !== undefined)(
    named("have names that need not be UTF-8", whyNoUserXattrs),
    () => {
      const name = Buffer.concat([Buffer.from("user."), Uint8Array.of(0xff)]);
      sys.setXattr(at("file"), name, Uint8Array.of(1));
      expect(sys.listXattrs(at("file")).map((one) => Buffer.from(one).toString("hex"))).toContain(
        "757365722eff",
      );
      expect(sys.getXattr(at("file"), name)).toEqual(Uint8Array.of(1));
    },
  );

  it.skipIf(whyNoTrustedXattrs !== undefined)(named("of a link are its own", whyNoTrustedXattrs), () => {
    symlinkSync("file", at("link"));
    sys.setXattr(at("link"), "trusted.overlay.opaque", new TextEncoder().encode("y"));
    expect(sys.getXattr(at("link"), "trusted.overlay.opaque")).toEqual(Uint8Array.of(0x79));
    expect(sys.getXattr(at("file"), "trusted.overlay.opaque")).toBe(undefined);
  });

  it.skipIf(whyNoTrustedXattrs !== undefined)(named("may be capabilities", whyNoTrustedXattrs), () => {
    // cap_net_raw=ep
    const value = Uint8Array.of(1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    sys.setXattr(at("file"), "security.capability", value);
    expect(sys.getXattr(at("file"), "security.capability")).toEqual(value);
  });

  it("larger than the kernel takes are refused", () => {
    expect(() => sys.setXattr(at("file"), "user.a", new Uint8Array(65_537))).toThrow(
      expect.objectContaining({ code: "E2BIG", syscall: "lsetxattr", path: at("file") }),
    );
  });

  it("of what is not there fail by name", () => {
    const missing = expect.objectContaining({ code: "ENOENT", path: at("missing") });
    expect(() => sys.getXattr(at("missing"), "user.a")).toThrow(missing);
    expect(() => sys.listXattrs(at("missing"))).toThrow(missing);
  });
});
