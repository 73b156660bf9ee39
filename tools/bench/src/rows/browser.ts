import type { Row } from "../row.ts";

export const browserRows: readonly Row[] = [];
