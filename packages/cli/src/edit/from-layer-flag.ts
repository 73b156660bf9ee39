import { valued } from "../flags/kinds.ts";
import { wholeNumberParser } from "../flags/parsers.ts";

interface LayerFlag {
  readonly kind: "parsed";
  readonly parse: (input: string) => number;
  readonly optional: true;
  readonly placeholder: string;
  readonly brief: string;
}

/** `--from-layer N` */
export function fromLayerFlag(brief: string): LayerFlag {
  return {
    kind: "parsed",
    parse: wholeNumberParser(1, 100_000),
    optional: true,
    placeholder: "n",
    brief: valued("n", brief),
  };
}
