import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mediaTypes } from "@drayage/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quickInspection } from "../src/quick/inspection.ts";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const home = join(folder, "home");
const env = { HOME: home };

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Fields = { readonly [key: string]: Json };

/** The documents of a layout, from which all its digests follow. */
interface Documents {
  readonly config: Fields;
  readonly manifest: Fields;
  readonly entry: Fields;
  /** How documents are written. */
  readonly text: (value: Json) => string;
}

const layer = { mediaType: mediaTypes.ociLayerGzip, digest: `sha256:${"ab".repeat(32)}`, size: 123 };
const usual: Documents = {
  config: {
    created: "2024-02-29T12:00:00.120000000Z",
    author: "somebody",
    architecture: "arm64",
    os: "linux",
    config: {
      User: "1000",
      ExposedPorts: { "80/tcp": {} },
      Env: ["PATH=/bin", "A=<b> & c"],
      Cmd: null,
      Labels: { z: "1", a: "2", "10": "ten", "9": "nine" },
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${"cd".repeat(32)}`] },
    history: [{ created: "2024-02-29T12:00:00Z", created_by: "RUN a && b", empty_layer: true }],
  },
  manifest: { schemaVersion: 2, layers: [layer, { ...layer, annotations: { k: "v" } }] },
  entry: { annotations: { "org.opencontainers.image.ref.name": "app" } },
  text: (value) => JSON.stringify(value),
};

function blob(place: string, text: string): { digest: string; size: number } {
  const bytes = Buffer.from(text);
  const hex = createHash("sha256").update(bytes).digest("hex");
  writeFileSync(join(place, "blobs/sha256", hex), bytes);
  return { digest: `sha256:${hex}`, size: bytes.length };
}

let count = 0;

function writeLayout({ config, manifest, entry, text }: Documents): string {
  const place = join(folder, `layout${count++}`);
  mkdirSync(join(place, "blobs/sha256"), { recursive: true });
  const configOf = { mediaType: mediaTypes.ociConfig, ...blob(place, text(config)) };
  const top = { mediaType: mediaTypes.ociManifest, ...blob(place, text({ config: configOf, ...manifest })) };
  writeFileSync(join(place, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
  writeFileSync(
    join(place, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...top, ...entry }] }),
  );
  return place;
}

/** What the command prints of it. */
async function slowInspection(image: string, calledAs?: string): Promise<string | undefined> {
  const { status, stdout } = await dray(["inspect", image], calledAs === undefined ? {} : { calledAs });
  return status === 0 ? stdout : undefined;
}

describe("an inspection without the command", () => {
  it("is the command's own, of an image of which nothing is out of the ordinary", async () => {
    const place = writeLayout(usual);
    for (const image of [`oci:${place}`, `oci-dir:${place}:app`, `oci:${place}:@0`]) {
      const quick = quickInspection(image, { personality: "dray", env });
      expect(quick).toContain('"Created": "2024-02-29T12:00:00.12Z"');
      expect(quick).toBe(await slowInspection(image));
      expect(quickInspection(image, { personality: "skopeo", env })).toBe(
        await slowInspection(image, "/usr/bin/skopeo"),
      );
    }
  });

  it("reads documents that Go wrote", async () => {
    const go = (value: Json): string =>
      JSON.stringify(value).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
    const place = writeLayout({ ...usual, text: go });
    const quick = quickInspection(`oci:${place}`, { personality: "dray", env });
    expect(quick).toContain("A=\\u003cb\\u003e \\u0026 c");
    expect(quick).toBe(await slowInspection(`oci:${place}`));
  });

  it("leaves documents to the command that are no UTF-8, or have half a pair of surrogates", async () => {
    const place = writeLayout(usual);
    for (const name of ["index.json", "oci-layout"]) {
      const file = join(place, name);
      const bytes = readFileSync(file);
      // Within a name, or behind a value that is one.
      const at = name === "index.json" ? bytes.indexOf('"app"') + 2 : bytes.indexOf("1.0.0") + 5;
      writeFileSync(file, Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at)]));
      expect(quickInspection(`oci:${place}`, { personality: "dray", env })).toBeUndefined();
      writeFileSync(file, bytes);
    }
    expect(quickInspection(`oci:${place}`, { personality: "dray", env })).toBeDefined();
    const twice = { "\ud800": "1", "\ud801": "2" };
    for (const documents of [
      { ...usual, config: { ...usual.config, config: { Labels: twice } } },
      { ...usual, manifest: { ...usual.manifest, annotations: twice } },
      { ...usual, manifest: { ...usual.manifest, layers: [{ ...layer, annotations: twice }] } },
    ]) {
      const odd = writeLayout(documents);
      expect(quickInspection(`oci:${odd}`, { personality: "dray", env })).toBeUndefined();
      expect(await slowInspection(`oci:${odd}`)).toBeUndefined();
    }
  });

  it.runIf(process.platform === "linux")("reads no file to its end that is longer than it says", () => {
    const place = writeLayout(usual);
    for (const name of ["index.json", "oci-layout"]) {
      const file = join(place, name);
      const bytes = readFileSync(file);
      rmSync(file);
      // It says that it is empty, and has terabytes.
      symlinkSync("/proc/self/pagemap", file);
      expect(quickInspection(`oci:${place}`, { personality: "dray", env })).toBeUndefined();
      rmSync(file);
      writeFileSync(file, bytes);
    }
  });

  it("is the command's own or none, whatever the documents say", async () => {
    const value = fc.oneof(
      fc.constantFrom<Json>(
        null,
        "",
        "text",
        1,
        -1,
        1.5,
        true,
        [],
        {},
        ["x"],
        { a: "b" },
        { a: null },
        [null],
        [{}],
      ),
      fc.constantFrom<Json>(
        "2024-01-01T00:00:00+01:00",
        "yesterday",
        mediaTypes.dockerConfig,
        layer.digest,
        "é",
        "\u007f",
      ),
    );
    const paths = [
      ...[
        "config.created",
        "config.os",
        "config.architecture",
        "config.Architecture",
        "config.more",
        "config.config",
      ],
      ...[
        "config.config.Labels",
        "config.config.Env",
        "config.config.env",
        "config.config.Cmd",
        "config.config.Volumes",
      ],
      ...[
        "config.config.Healthcheck",
        "config.rootfs",
        "config.history",
        "config.docker_version",
        "config.Size",
      ],
      ...["config.variant", "config.os.features", "config.container_config", "config.config.ExposedPorts"],
      ...[
        "manifest.schemaVersion",
        "manifest.mediaType",
        "manifest.layers",
        "manifest.annotations",
        "manifest.manifests",
      ],
      ...[
        "manifest.artifactType",
        "manifest.subject",
        "manifest.config",
        "manifest.more",
        "entry.mediaType",
        "entry.size",
      ],
      ...["entry.digest", "entry.annotations", "entry.platform", "entry.more"],
    ];
    const indented = (json: Json): string => JSON.stringify(json, null, 2);
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...paths), fc.option(value, { nil: undefined })), { maxLength: 2 }),
        fc.constantFrom(usual.text, indented, (json: Json) => `${usual.text(json)}\n`),
        async (changes, text) => {
          const place = writeLayout(changes.reduce(changed, { ...usual, text }));
          const quick = quickInspection(`oci:${place}`, { personality: "dray", env });
          if (quick !== undefined) {
            answered += 1;
            expect(quick).toBe(await slowInspection(`oci:${place}`));
          }
          rmSync(place, { recursive: true });
        },
      ),
      { numRuns: 300 },
    );
    expect(answered).toBeGreaterThan(10);
  });

  it("is the command's own or none, whatever bytes the documents have", async () => {
    const piece = fc.constantFrom(
      ...[
        "",
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\",
        "\\u0000",
        "\\ud800",
        "\n",
        "\t",
        " ",
        "\u0000",
        "\ufeff",
        "é",
      ],
      ...[
        "null",
        "true",
        "-0",
        "1e3",
        "1.0",
        "9007199254740993",
        '"os":"plan9",',
        '"Os":"plan9",',
        '"__proto__":{},',
      ],
    );
    const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 3 }), piece);
    const edited = (text: string, [where, removed, added]: readonly [number, number, string]): string => {
      const at = Math.floor(where * text.length);
      return text.slice(0, at) + added + text.slice(at + removed);
    };
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("oci-layout", "index.json", "documents"),
        edit,
        async (file, change) => {
          const isDocuments = file === "documents";
          const place = writeLayout({
            ...usual,
            text: (value) => (isDocuments ? edited(JSON.stringify(value), change) : JSON.stringify(value)),
          });
          if (!isDocuments) {
            const path = join(place, file);
            writeFileSync(path, edited(readFileSync(path, "utf8"), change));
          }
          const quick = quickInspection(`oci:${place}`, { personality: "dray", env });
          if (quick !== undefined) {
            answered += 1;
            expect(quick).toBe(await slowInspection(`oci:${place}`));
          }
          rmSync(place, { recursive: true });
        },
      ),
      { numRuns: 800 },
    );
    expect(answered).toBeGreaterThan(10);
  }, 30_000);

  it("is the command's own or none, whichever of several images is asked for, and however", async () => {
    const place = writeLayout(usual);
    const path = join(place, "index.json");
    const index = JSON.parse(readFileSync(path, "utf8"));
    const [only] = index.manifests;
    const name = "org.opencontainers.image.ref.name";
    const entries = [
      { ...only, annotations: { [name]: "one" } },
      { ...only, annotations: { [name]: "two" }, platform: { os: "linux", architecture: "arm64" } },
      { ...only, annotations: { [name]: "two" } },
      { ...only, annotations: {} },
      { ...only, annotations: { [name]: "config" }, mediaType: mediaTypes.ociIndex },
      { ...only, annotations: { [name]: "size" }, size: 1 },
    ];
    const suffixes = [
      "",
      ":",
      ":one",
      ":two",
      ":config",
      ":size",
      ":three",
      ":@0",
      ":@3",
      ":@9",
      ":@",
      "/",
      "/:one",
      ":one:two",
    ];
    let answered = 0;
    for (const manifests of [[], entries.slice(0, 1), entries.slice(3, 4), entries.slice(0, 3), entries]) {
      writeFileSync(path, JSON.stringify({ ...index, manifests }));
      for (const suffix of suffixes) {
        const quick = quickInspection(`oci:${place}${suffix}`, { personality: "dray", env });
        if (quick === undefined) continue;
        answered += 1;
        expect(quick).toBe(await slowInspection(`oci:${place}${suffix}`));
      }
    }
    expect(answered).toBeGreaterThan(10);
  });

  it("is left to the command where a document is damaged, says a thing twice, or is absent", () => {
    const damaged = writeLayout(usual);
    const manifest = blob(damaged, "{}");
    const index = {
      schemaVersion: 2,
      manifests: [{ mediaType: mediaTypes.ociManifest, ...manifest, size: 3 }],
    };
    writeFileSync(join(damaged, "index.json"), JSON.stringify(index));
    const other = writeLayout(usual);
    const digest = createHash("sha256").update(JSON.stringify(usual.config)).digest("hex");
    writeFileSync(
      join(other, "blobs/sha256", digest),
      JSON.stringify(usual.config).replace("arm64", "amd64"),
    );
    const twice = writeLayout({
      ...usual,
      text: (value) => JSON.stringify(value).replace('"os":"linux"', '"os":"linux","os":"windows"'),
    });
    const blocked = writeLayout(usual);
    rmSync(join(blocked, "oci-layout"));
    mkdirSync(join(blocked, "oci-layout"));
    const large = writeLayout({ ...usual, config: { ...usual.config, author: "a".repeat(64 * 1024) } });
    for (const place of [damaged, other, twice, blocked, large, join(folder, "absent")]) {
      expect(quickInspection(`oci:${place}`, { personality: "dray", env })).toBeUndefined();
    }
  });

  it("is left to the command for other transports, and where there may be a configuration with plugins", () => {
    const place = writeLayout(usual);
    const quick = (image: string, environment: NodeJS.ProcessEnv): string | undefined =>
      quickInspection(image, { personality: "dray", env: environment });
    expect(quick(`dir:${place}`, env)).toBeUndefined();
    expect(quick(`oci:${place}`, { DRAYAGE_CONFIG: "x", ...env })).toBeUndefined();
    expect(quick(`oci:${place}`, {})).toBeUndefined();
    mkdirSync(join(folder, "configured/drayage"), { recursive: true });
    writeFileSync(join(folder, "configured/drayage/config.json"), "{}");
    expect(quick(`oci:${place}`, { XDG_CONFIG_HOME: join(folder, "configured") })).toBeUndefined();
    expect(quick(`oci:${place}`, { XDG_CONFIG_HOME: join(folder, "elsewhere") })).toBeDefined();
  });
});

/** The documents with one field set, or taken away: `config.os`, `manifest.layers`. */
function changed(documents: Documents, [path, value]: readonly [string, Json | undefined]): Documents {
  const [document = "", ...keys] =
    path === "config.os.features" ? ["config", "os.features"] : path.split(".");
  return { ...documents, [document]: set(documents[document as "config"], keys, value) };
}

function set(
  fields: Json | undefined,
  [key = "", ...rest]: readonly string[],
  value: Json | undefined,
): Fields {
  const before =
    typeof fields === "object" && fields !== null && !Array.isArray(fields) ? (fields as Fields) : {};
  const { [key]: old, ...others } = before;
  const now = rest.length > 0 ? set(old, rest, value) : value;
  return now === undefined ? others : { ...others, [key]: now };
}
