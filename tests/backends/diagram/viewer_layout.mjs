// The layout of the page of a diagram, run by node: reads pages' data and sets of closed frames, writes what is placed.
import { readFileSync } from "node:fs";

const [, , layout] = process.argv;
const { prepare, layOut, pathOf } = new Function(`${readFileSync(layout, "utf8")}; return { prepare, layOut, pathOf };`)();
const cases = JSON.parse(readFileSync(0, "utf8"));
const placed = cases.map(({ data, closed }) => {
  const found = layOut(prepare(data), new Set(closed), data.texts);
  return { ...found, lines: found.lines.map((line) => ({ ...line, path: pathOf(line.points) })) };
});
process.stdout.write(JSON.stringify(placed));
