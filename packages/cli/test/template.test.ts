import { describe, expect, it } from "vitest";
import { renderTemplate } from "../src/template/render.ts";
import { goTime } from "../src/template/values.ts";

const record = {
  Name: "registry.example/app",
  Digest: "sha256:abc",
  Labels: { b: "2", a: "1 < 2" },
  Layers: ["sha256:one", "sha256:two"],
  LayersData: [
    { Size: 10, MIMEType: "x/y" },
    { Size: 2000, MIMEType: "x/z" },
  ],
  Env: [] as string[],
  Created: goTime("2024-05-06T07:08:09.123456789Z"),
  Empty: null,
};

describe("--format renders as Go's text/template does", () => {
  const cases: readonly (readonly [template: string, expected: string])[] = [
    ["{{.Name}}", "registry.example/app\n"],
    ["Name: {{ .Name }} Digest: {{.Digest}}", "Name: registry.example/app Digest: sha256:abc\n"],
    ["{{.Labels}}", "map[a:1 < 2 b:2]\n"],
    ["{{.Labels.a}} {{.Labels.none}}", "1 < 2 <no value>\n"],
    ["{{.Layers}} {{.Env}}", "[sha256:one sha256:two] []\n"],
    ["{{len .Layers}}", "2\n"],
    ["{{len .Layers}}\\n", "2\n"],
    ["{{println .Name}}", "registry.example/app\n\n"],
    ['{{index .Layers 1}} {{index .Labels "b"}}', "sha256:two 2\n"],
    ["{{json .Labels}}", '{"b":"2","a":"1 < 2"}\n'],
    ["{{range .Layers}}[{{.}}]{{end}}", "[sha256:one][sha256:two]\n"],
    ["{{range $i, $l := .Layers}}{{$i}}={{$l}} {{end}}", "0=sha256:one 1=sha256:two \n"],
    ["{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a=1 < 2;b=2;\n"],
    ["{{range .Env}}x{{else}}none{{end}}", "none\n"],
    ["{{range .LayersData}}{{.Size}},{{end}}", "10,2000,\n"],
    ["{{if .Env}}yes{{else if .Layers}}layers{{else}}no{{end}}", "layers\n"],
    ["{{with .Labels}}{{.a}}{{$.Name}}{{end}}", "1 < 2registry.example/app\n"],
    ['{{ .Name | upper | printf "%q" }}', '"REGISTRY.EXAMPLE/APP"\n'],
    ['{{join .Layers ","}}', "sha256:one,sha256:two\n"],
    ["{{(index .LayersData 1).Size}}", "2000\n"],
    ["a {{- .Digest -}} b", "asha256:abcb\n"],
    ["{{/* nothing */}}x", "x\n"],
    ["{{$x := len .Layers}}{{if eq $x 2}}two{{end}}", "two\n"],
    ["{{and .Env .Layers}} {{or .Env .Digest}} {{not .Env}}", "[] sha256:abc true\n"],
    ["table {{.Digest}}\\t{{.Name}}", "sha256:abc\tregistry.example/app\n"],
    ['{{truncate .Digest 3}}|{{pad .Digest 1 1}}|{{split .Digest ":"}}', "sha| sha256:abc |[sha256 abc]\n"],
    ["{{.Created}}", "2024-05-06 07:08:09.123456789 +0000 UTC\n"],
    ["{{json .Created}}", '"2024-05-06T07:08:09.123456789Z"\n'],
    ["{{.Empty}}", "<no value>\n"],
    ["{{`raw {{`}}", "raw {{\n"],
  ];
  it.each(cases)("%s", (template, expected) => {
    expect(renderTemplate(template, record)).toBe(expected);
  });
});

describe("a bad template is refused with what is wrong in it", () => {
  const cases: readonly (readonly [template: string, message: RegExp])[] = [
    ["{{.Nme}}", /no field Nme; there are Name, Digest/],
    ["{{", /not closed/],
    ["{{if .Name}}", /no \{\{end\}\}/],
    ["{{end}}", /unexpected \{\{end\}\}/],
    ["{{nothing .Name}}", /no function "nothing"/],
    ["{{constructor}}", /no function "constructor"/],
    ["{{$x}}", /no variable \$x/],
    ["{{index .Layers 9}}", /out of range/],
    ["{{.Name .Digest}}", /only a function takes arguments/],
    ["{{pad .Name 1000000000 0}}", /expected a count/],
    [`${"{{if .Name}}".repeat(200)}`, /deeply nested/],
    [`{{${"(".repeat(200)}}}`, /deeply nested/],
  ];
  it.each(cases)("%s", (template, message) => {
    expect(() => renderTemplate(template, record)).toThrow(message);
  });
});

describe("what a template cannot reach", () => {
  it("the prototype of a record is not a field", () => {
    expect(() => renderTemplate("{{.toString}}", record)).toThrow(/no field toString/);
    expect(() => renderTemplate("{{.Name.Length}}", record)).toThrow(
      "registry.example/app has no field Length",
    );
    expect(() => renderTemplate("{{.Created.Year}}", record)).toThrow(/UTC has no field Year/);
    expect(renderTemplate("{{.Labels.constructor}}", record)).toBe("<no value>\n");
  });
});
