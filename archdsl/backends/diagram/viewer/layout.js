// Layout of a network with some frames closed: pure functions, without a document.
//
// Each open frame is laid out by itself, in ranks from top to bottom; an arrow that crosses its border enters or leaves
// at a port. So a change inside a frame moves only what is around it.

const GAP = 18;
const LANE = 12;
const RANK = 24;
const LABELED = 32;
const PAD = 12;
const TITLE = 18;
const SWEEPS = 6;
const WEIGHTS = { main: 100, branch: 10, skip: 0.5 };

/** The frames with their children, and for each box and frame the frames around it, outermost first. */
function prepare(data) {
  const frames = data.frames.map((frame, index) => ({ ...frame, index, children: [] }));
  const root = { index: -1, parent: null, children: [], closed: false };
  const at = (index) => (index < 0 ? root : frames[index]);
  const seen = new Set();
  const attach = (frame) => {
    if (frame.index < 0 || seen.has(frame.index)) return;
    seen.add(frame.index);
    attach(at(frame.parent));
    at(frame.parent).children.push({ frame: frame.index });
  };
  data.boxes.forEach((box, index) => {
    attach(at(box.frame));
    at(box.frame).children.push({ box: index });
  });
  const around = (index) => (index < 0 ? [] : [...around(frames[index].parent), index]);
  return { boxes: data.boxes, frames, root, arrows: data.arrows, around };
}

/** The unit that shows a box: the outermost closed frame around it, or the box itself. */
function shownBy(model, box, closed) {
  const frame = model.around(model.boxes[box].frame).find((each) => closed.has(each));
  return frame === undefined ? `b${box}` : `f${frame}`;
}

/** The open frames around a shown unit, outermost first. */
function framesAround(model, unit) {
  const index = Number(unit.slice(1));
  return model.around(unit[0] === "b" ? model.boxes[index].frame : model.frames[index].parent);
}

/** The arrows between shown units; those between the same two are one. */
function visibleEdges(model, closed) {
  const edges = new Map();
  for (const [start, end, shape, flow] of model.arrows) {
    const from = shownBy(model, start, closed);
    const to = shownBy(model, end, closed);
    if (from === to) continue;
    const key = `${from} ${to}`;
    const found = edges.get(key) ?? { from, to, shape: null, flow };
    found.shape ??= shape;
    if (WEIGHTS[flow] > WEIGHTS[found.flow]) found.flow = flow;
    edges.set(key, found);
  }
  return [...edges.values()];
}

/** The parts of each edge by the frame in which they are: from a unit or port to a unit or port. */
function partsByFrame(model, edges) {
  const levels = new Map();
  const add = (frame, from, to, edge) => {
    if (!levels.has(frame)) levels.set(frame, new Map());
    const key = `${from} ${to} ${edge.from}`;
    const found = levels.get(frame).get(key) ?? { from, to, source: edge.from, flow: edge.flow, shape: null, edges: [] };
    found.edges.push(edge);
    if (from === edge.from) found.shape ??= edge.shape;
    if (WEIGHTS[edge.flow] > WEIGHTS[found.flow]) found.flow = edge.flow;
    levels.get(frame).set(key, found);
  };
  for (const edge of edges) {
    const [start, end] = [framesAround(model, edge.from), framesAround(model, edge.to)];
    let common = 0;
    while (common < start.length && start[common] === end[common]) common += 1;
    let from = edge.from;
    for (let depth = start.length - 1; depth >= common; depth -= 1) {
      add(start[depth], from, `out:${edge.from}`, edge);
      from = `f${start[depth]}`;
    }
    const frame = common ? start[common - 1] : -1;
    for (let depth = common; depth < end.length; depth += 1) {
      add(depth === common ? frame : end[depth - 1], from, `f${end[depth]}`, edge);
      from = `in:${edge.from}`;
    }
    add(end.length > common ? end[end.length - 1] : frame, from, edge.to, edge);
  }
  return levels;
}

/** Positions of everything that is shown: boxes and frames, and the lines between them. */
function layOut(model, closed, texts) {
  const edges = visibleEdges(model, closed);
  const levels = partsByFrame(model, edges);
  const placed = level(model, model.root, levels, closed, texts);
  const found = { units: [], lines: [], width: placed.width, height: placed.height };
  collect(placed, 0, 0, found);
  return found;
}

/** Lay out one frame: its size, its ports, and what is in it, relative to its corner. */
function level(model, frame, levels, closed, texts) {
  const parts = [...(levels.get(frame.index)?.values() ?? [])];
  const nodes = new Map();
  for (const child of frame.children) {
    const [key, node] = unit(model, child, levels, closed, texts);
    nodes.set(key, { key, left: node.width / 2, right: node.width / 2, ...node });
  }
  for (const part of parts) {
    for (const end of [part.from, part.to]) {
      if (!nodes.has(end)) nodes.set(end, { key: end, port: true, width: 0, height: 0, left: 4, right: 4 });
    }
    if (part.shape) nodes.get(part.from).right = Math.max(nodes.get(part.from).right, 8 + 0.55 * texts.shapes * part.shape.length);
  }
  const ranks = rank([...nodes.values()], parts, nodes);
  const chains = split(parts, nodes, ranks);
  order(ranks);
  place(ranks);
  return finish(frame, ranks, chains, texts);
}

/** A child of a frame as a node: a box, a closed frame, or an open one that is laid out by itself. */
function unit(model, child, levels, closed, texts) {
  if (child.box !== undefined) {
    const { width, height, role } = model.boxes[child.box];
    return [`b${child.box}`, { box: child.box, width, height, point: role === "entry" }];
  }
  const frame = model.frames[child.frame];
  if (closed.has(child.frame)) return [`f${child.frame}`, { frame: child.frame, width: frame.width, height: frame.height }];
  const inside = level(model, frame, levels, closed, texts);
  return [`f${child.frame}`, { frame: child.frame, inside, width: inside.width, height: inside.height }];
}

/** The nodes in ranks: each below everything that it reads. */
function rank(nodes, parts, byKey) {
  const entering = nodes.some((node) => node.key.startsWith("in:"));
  const into = new Map(nodes.map((node) => [node.key, []]));
  for (const part of parts) into.get(part.to).push(part.from);
  const inner = nodes.filter((node) => !node.port);
  for (const node of nodes) node.rank = node.key.startsWith("in:") ? 0 : undefined;
  for (const node of inner) {
    const before = into.get(node.key).map((key) => byKey.get(key).rank ?? -1);
    node.rank = Math.max(entering ? 1 : 0, ...before.map((each) => each + 1));
  }
  // What reads nothing here moves down to its first reader.
  for (const node of [...inner].reverse()) {
    if (into.get(node.key).length) continue;
    const readers = parts.filter((part) => part.from === node.key).map((part) => byKey.get(part.to).rank ?? node.rank + 1);
    if (readers.length) node.rank = Math.max(node.rank, Math.min(...readers) - 1);
  }
  const last = Math.max(0, ...inner.map((node) => node.rank));
  for (const node of nodes) if (node.key.startsWith("out:")) node.rank = last + 1;
  const ranks = Array.from({ length: Math.max(...nodes.map((node) => node.rank), 0) + 1 }, () => []);
  for (const node of nodes) ranks[node.rank].push({ ...node, before: [], after: [] });
  return ranks;
}

/** Each part as a chain of neighbors: nodes of consecutive ranks, with lanes in between. */
function split(parts, nodes, ranks) {
  const real = new Map(ranks.flat().map((node) => [node.key, node]));
  return parts.map((part) => {
    const [start, end] = [real.get(part.from), real.get(part.to)];
    const chain = [start];
    for (let index = start.rank + 1; index < end.rank; index += 1) {
      const lane = { key: "", lane: true, rank: index, width: 0, height: 0, left: 0, right: 0, before: [], after: [] };
      ranks[index].push(lane);
      chain.push(lane);
    }
    chain.push(end);
    const [leaving, coming] = [portAt(start, "out", part.source), portAt(end, "in", part.source)];
    chain.slice(1).forEach((after, index) => {
      const before = chain[index];
      const weight = before.lane && after.lane ? 20 : WEIGHTS[part.flow];
      const offsets = [index ? 0 : leaving, after === end ? coming : 0];
      before.after.push({ node: after, offset: offsets[1] - offsets[0], weight });
      after.before.push({ node: before, offset: offsets[0] - offsets[1], weight });
    });
    return { part, chain, leaving, coming };
  });
}

/** Where a line meets a node, from its center: an open frame has ports. */
function portAt(node, side, source) {
  const port = node.inside?.ports[`${side}:${source}`];
  return port === undefined ? 0 : port - node.width / 2;
}

/** Order each rank so that fewer lines cross: by the mean position of the neighbors. */
function order(ranks) {
  const number = (nodes) => nodes.forEach((node, index) => (node.index = index));
  ranks.forEach(number);
  const sort = (nodes, side) => {
    const mean = (node) => (node[side].length ? node[side].reduce((sum, each) => sum + each.node.index, 0) / node[side].length : node.index);
    const means = new Map(nodes.map((node) => [node, mean(node)]));
    nodes.sort((a, b) => means.get(a) - means.get(b) || a.index - b.index);
    number(nodes);
  };
  for (let sweep = 0; sweep < 2; sweep += 1) {
    for (const nodes of ranks) sort(nodes, "before");
    for (const nodes of [...ranks].reverse()) sort(nodes, "after");
  }
  for (const nodes of ranks) sort(nodes, "before");
}

/** The distance between the centers of two neighbors in a rank. */
function apart(left, right) {
  return left.right + right.left + (left.lane || right.lane || left.port || right.port ? LANE : GAP);
}

/** Place each rank as close to its neighbors in other ranks as the nodes' widths permit. */
function place(ranks) {
  for (const nodes of ranks) {
    let x = 0;
    nodes.forEach((node, index) => {
      x += index ? apart(nodes[index - 1], node) : 0;
      node.x = x;
    });
    for (const node of nodes) node.x -= x / 2;
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const [sides, sequence] = sweep % 2 ? [["after"], [...ranks].reverse()] : [["before"], ranks];
    for (const nodes of sequence) settle(nodes, sweep < SWEEPS - 2 ? sides : ["before", "after"]);
  }
}

/** Move the nodes of a rank to the weighted mean of their neighbors, in order and apart: a monotone regression. */
function settle(nodes, sides) {
  let shift = 0;
  const runs = [];
  nodes.forEach((node, index) => {
    shift += index ? apart(nodes[index - 1], node) : 0;
    node.shift = shift;
    const near = sides.flatMap((side) => node[side]);
    const weight = near.reduce((sum, each) => sum + each.weight, 0);
    const wanted = weight ? near.reduce((sum, each) => sum + each.weight * (each.node.x + each.offset), 0) / weight : node.x;
    runs.push({ weight: weight || 0.01, mean: wanted - shift, nodes: [node] });
    while (runs.length > 1 && runs.at(-2).mean > runs.at(-1).mean) {
      const [last, before] = [runs.pop(), runs.pop()];
      const sum = last.weight + before.weight;
      const mean = (last.mean * last.weight + before.mean * before.weight) / sum;
      runs.push({ weight: sum, mean, nodes: before.nodes.concat(last.nodes) });
    }
  });
  for (const run of runs) for (const node of run.nodes) node.x = run.mean + node.shift;
}

/** The frame around placed ranks: positions from its corner, its ports, its lines. */
function finish(frame, ranks, chains, texts) {
  const border = frame.index < 0 ? 0 : PAD;
  const all = ranks.flat();
  const left = Math.min(0, ...all.map((node) => node.x - (node.lane ? 2 : node.left)));
  const right = Math.max(0, ...all.map((node) => node.x + (node.lane ? 2 : node.right)));
  let y = frame.index < 0 ? 0 : TITLE;
  const bands = ranks.map((nodes, index) => {
    const height = Math.max(0, ...nodes.map((node) => node.height));
    const labeled = chains.some(({ part, chain }) => part.shape && chain[0].rank === index);
    const top = y;
    y += height + (index === ranks.length - 1 ? 0 : labeled ? LABELED : RANK);
    return { top, bottom: top + height };
  });
  // The title is on the left; lines that enter pass to the right of it.
  const entering = all.filter((node) => node.key.startsWith("in:")).map((node) => node.x - left + border);
  const room = frame.index < 0 ? 0 : Math.max(0, frame.titleWidth - Math.min(Infinity, ...entering));
  const step = border - left + (entering.length ? room : 0);
  const width = Math.max(right + step + border, frame.index < 0 ? 0 : frame.titleWidth + 2 * PAD);
  const height = y + (frame.index < 0 ? 0 : PAD);
  for (const node of all) {
    const band = bands[node.rank];
    node.x += step;
    node.y = node.key.startsWith("in:") ? 0 : node.key.startsWith("out:") ? height : (band.top + band.bottom - node.height) / 2;
  }
  const ports = Object.fromEntries(all.filter((node) => node.port).map((node) => [node.key, node.x]));
  return { frame, width, height, ports, nodes: all.filter((node) => !node.port && !node.lane), lines: chains.map((each) => line(each, bands)) };
}

/** A line through its lanes, as points between which it is straight or curves from vertical to vertical. */
function line({ part, chain, leaving, coming }, bands) {
  const start = chain[0];
  const end = chain.at(-1);
  const points = [[start.x + leaving, start.y + start.height]];
  if (!start.port) points.push([start.x + leaving, bands[start.rank].bottom]);
  for (const lane of chain.slice(1, -1)) points.push([lane.x, bands[lane.rank].top], [lane.x, bands[lane.rank].bottom]);
  if (!end.port) points.push([end.x + coming, bands[end.rank].top]);
  points.push([end.x + coming, end.y]);
  return { part, points, arrow: !end.port && !end.inside && !end.point };
}

/** Everything in a laid-out frame and its frames, with positions in the figure. */
function collect(placed, x, y, found) {
  for (const node of placed.nodes) {
    const corner = [x + node.x - node.width / 2, y + node.y];
    const open = node.inside !== undefined;
    found.units.push({ key: node.key, box: node.box, frame: node.frame, open, x: corner[0], y: corner[1], width: node.width, height: node.height });
    if (open) collect(node.inside, corner[0], corner[1], found);
  }
  for (const { part, points, arrow } of placed.lines) {
    const moved = points.map(([px, py]) => [x + px, y + py]);
    const to = [...new Set(part.edges.map((edge) => edge.to))];
    found.lines.push({ from: part.source, to, flow: part.flow, shape: part.shape, arrow, points: moved });
  }
}

/** A line as the data of an SVG path. */
function pathOf(points) {
  const words = [`M${points[0].map(round).join(",")}`];
  points.slice(1).forEach(([x, y], index) => {
    const [x0, y0] = points[index];
    const middle = (y0 + y) / 2;
    words.push(Math.abs(x - x0) < 1 ? `L${round(x)},${round(y)}` : `C${[x0, middle, x, middle, x, y].map(round).join(",")}`);
  });
  return words.join("");
}

function round(number) {
  return Math.round(number * 100) / 100;
}
