/** How progress is shown. `auto` is bars on a terminal and lines elsewhere. */
export const progressStyles = ["auto", "bars", "lines", "json", "none"] as const;
export type ProgressStyle = (typeof progressStyles)[number];
