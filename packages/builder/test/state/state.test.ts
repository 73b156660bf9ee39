import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store } from "@drayage/storage";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { sysUnavailable } from "@drayage/sys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createWorkingContainer,
  encodeState,
  openWorkingContainer,
  parseState,
  readState,
  removeWorkingContainer,
  saveState,
  updateState,
} from "../../src/index.ts";

const minimal = { type: "buildah 0.0.1", "container-name": "c", "container-id": "1", Format: "f" };
const parse = (document: unknown): ReturnType<typeof parseState> =>
  parseState(Buffer.from(JSON.stringify(document)), "/x/buildah.json");

describe("buildah.json", () => {
  it("what newer versions of buildah have written survives, at its level", () => {
    const healthcheck = { Test: ["CMD", "a"], Interval: 1, NewCheck: 2 };
    const state = parse({
      ...minimal,
      NewField: { big: 12345678901234567890n.toString(), "10": 1, "9": [1.5, null] },
      CommonBuildOpts: { Memory: 5, NewOption: true, AddHost: null },
      ociv1: { os: "linux", architecture: "amd64", config: { User: "x", NewSetting: [1] }, newToOci: "y" },
      docker: { config: { User: "x", Healthcheck: healthcheck, NewInDocker: {} }, NewTop: false },
    });
    const { docker } = state.image;
    const changed = {
      ...state,
      createdBy: "me",
      image: { ...state.image, docker: { ...docker, author: "a" } },
    };
    const written = JSON.parse(Buffer.from(encodeState(changed)).toString()) as Record<string, object>;
    expect(written).toMatchObject({
      NewField: { big: "12345678901234567890", "10": 1, "9": [1.5, null] },
      CommonBuildOpts: { Memory: 5, NewOption: true, AddHost: null },
      ociv1: { config: { User: "x", NewSetting: [1] }, newToOci: "y" },
      docker: { author: "a", config: { Healthcheck: healthcheck, NewInDocker: {} }, NewTop: false },
      "created-by": "me",
    });
    expect(written.docker).toMatchObject({ container_config: { Healthcheck: healthcheck, NewInDocker: {} } });
  });

  it("a number that JavaScript cannot hold keeps its digits", () => {
    const text = `{"type":"buildah 0.0.1","CommonBuildOpts":{"CPUShares":18446744073709551615}}`;
    const written = Buffer.from(encodeState(parseState(Buffer.from(text), "/x"))).toString();
    expect(written).toContain(`"CommonBuildOpts":{"CPUShares":18446744073709551615}`);
  });

  it.each([
    ["no JSON", "{", "the JSON text ends"],
    ["another kind of value", "[]", "it is no object"],
    ["a text where a list is", '{"type":"buildah 0.0.1","PrependedEmptyLayers":"x"}', "PrependedEmptyLayers"],
    ["a damaged config", '{"type":"buildah 0.0.1","ociv1":{"config":{"Env":"x"}}}', "config.Env"],
    ["a member twice", '{"type":"buildah 0.0.1","type":"buildah 0.0.1"}', "type"],
    ["no base64", '{"type":"buildah 0.0.1","config":"%%"}', "config: base64"],
    ["an isolation that there is not", '{"type":"buildah 0.0.1","Isolation":9}', "Isolation: 9"],
  ])("%s is told, with the file and what to do", (_, text, part) => {
    const act = (): unknown => parseState(Buffer.from(text), "/x/buildah.json");
    expect(act).toThrow(/^"\/x\/buildah\.json" is damaged: /);
    expect(act).toThrow(part);
    expect(act).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_STORE_INVALID", hint: expect.stringContaining("remove") }),
    );
  });

  it("a file of another tool is none of ours, and one of 33 MB is too large", () => {
    expect(() => parse({ type: "other" })).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_CONTAINER_UNSUPPORTED" }),
    );
    expect(() => parse({ type: "x".repeat(1000) })).toThrow(/^"[^"]*" is that of a "x{80}" container/);
    expect(() => parseState(Buffer.alloc(33 << 20, " "), "/x")).toThrow(/33554432|34603008/);
  });
});

const whyNot = sysUnavailable();

describe.skipIf(whyNot !== undefined)(
  `stored states${whyNot === undefined ? "" : ` [skipped: ${whyNot}]`}`,
  () => {
    let folder: string;
    let store: Store;
    const open = (): Promise<Store> =>
      openStore({ graphRoot: join(folder, "graph"), runRoot: join(folder, "run"), driver: vfsDriver() });
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "drayage-"));
      store = await open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });
    const fileOf = (id: string): string =>
      join(folder, "graph", "vfs-containers", id, "userdata", "buildah.json");

    it("a state that somebody else has changed meanwhile is not overwritten", async () => {
      const { id, state } = await createWorkingContainer(store, { from: "scratch" });
      const saved = await saveState(store, { ...state, createdBy: "first" });
      await expect(saveState(store, { ...state, createdBy: "second" })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_CONFLICT",
        retryable: true,
      });
      expect((await readState(store, id))?.createdBy).toBe("first");
      await saveState(store, { ...saved, createdBy: "third" });
      expect((await readState(store, id))?.createdBy).toBe("third");
      expect(
        await saveState(store, { ...saved, createdBy: "third", revision: undefined }).catch(
          (e: Error) => e.message,
        ),
      ).toBe('the container "working-container" was changed by somebody else meanwhile');
    });

    it("of many that change one container at once none loses its change", async () => {
      await using other = await open();
      const { id, name } = await createWorkingContainer(store, { from: "scratch" });
      const [a, b] = [await openWorkingContainer(store, name), await openWorkingContainer(other, name)];
      const names = Array.from({ length: 12 }, (_, index) => `V${index}`);
      await Promise.all(names.map((each, index) => (index % 2 === 0 ? a : b).config({ env: [`${each}=1`] })));
      const env = (await readState(store, id))?.image.docker.config?.Env ?? [];
      expect([...env].sort()).toEqual(names.map((each) => `${each}=1`).sort());
    });

    it("a change that is refused leaves the file as it was", async () => {
      const container = await createWorkingContainer(store, { from: "scratch" });
      const before = readFileSync(fileOf(container.id));
      await expect(container.config({ user: "x", cmd: "'" })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_USAGE",
      });
      await expect(container.config({ env: ["NOT_SET_ANYWHERE"] }, { env: {} })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_USAGE",
      });
      await expect(container.config({ user: "x", ports: ["abc"] })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_USAGE",
        message: 'ports: "abc" is not accepted',
      });
      expect(readFileSync(fileOf(container.id))).toEqual(before);
      expect(container.state.image.oci.config?.User).toBeUndefined();
      await container.config({ ports: ["abc"] }, { asGiven: true });
      expect(container.state.image.oci.config?.ExposedPorts).toEqual({ abc: {} });
    });

    it("a damaged file is named, is left alone, and its container can be removed", async () => {
      const { id, name } = await createWorkingContainer(store, { from: "scratch" });
      writeFileSync(fileOf(id), "{damaged");
      await expect(openWorkingContainer(store, name)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_INVALID",
        message: expect.stringContaining(fileOf(id)),
      });
      await expect(updateState(store, id, (state) => state)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_STORE_INVALID",
      });
      expect(readFileSync(fileOf(id), "utf8")).toBe("{damaged");
      expect(await removeWorkingContainer(store, name)).toBe(id);
      expect((await store.read()).containers).toEqual([]);
    });

    it("a container that is gone is told, and no folder of it comes back", async () => {
      const container = await createWorkingContainer(store, { from: "scratch" });
      await container.remove();
      await expect(container.config({ user: "x" })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_CONTAINER_NOT_FOUND",
      });
      expect(() => readFileSync(fileOf(container.id))).toThrow(/ENOENT/);
    });
  },
);
