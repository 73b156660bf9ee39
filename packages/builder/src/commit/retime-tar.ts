import { type Blob, openBlob, streamBlob } from "@drayage/blob";
import type { RepackOptions } from "@drayage/storage";
import { readTar, type TarTime, type TarWriteEntry, writeTar } from "@drayage/tar";

/** A tar with other times: buildah's filter. Fields that are not set stay so. What is not to be changed is given as it is. */
export function retimedTar(tar: Blob, { time, latest }: Pick<RepackOptions, "latest" | "time">): Blob {
  if (time === undefined && latest === undefined) return tar;
  const change = (own: TarTime): TarTime => {
    if (time !== undefined) return time;
    return latest !== undefined && isLater(own, latest) ? latest : own;
  };
  return streamBlob(({ signal }) => writeTar(retimed(openBlob(tar, { signal }), change), { signal }), {
    what: tar.what,
  });
}

function isLater(a: TarTime, b: TarTime): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds);
}

const timeRecords: ReadonlySet<string> = new Set(["mtime", "atime", "ctime"]);

async function* retimed(
  tar: AsyncIterable<Uint8Array>,
  change: (time: TarTime) => TarTime,
): AsyncGenerator<TarWriteEntry, void, undefined> {
  for await (const { header, body } of readTar(tar)) {
    const { mtime, atime, ctime, pax } = header;
    yield {
      header: {
        ...header,
        mtime: change(mtime),
        atime: atime && change(atime),
        ctime: ctime && change(ctime),
        pax: new Map([...pax].filter(([name]) => !timeRecords.has(name))),
      },
      body,
    };
  }
}
