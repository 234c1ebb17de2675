// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Draws the part of the timeline that is in sight. Rows with room for text show each event with its
// words; thinner ones are strokes, all of one look in one path.

function shape(tag, attributes, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

const measure = document.createElement("canvas").getContext("2d");
const SANS = "system-ui, sans-serif";
const BOLD = "bold";
const MONO = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
function textWidth(text, size, font) {
  measure.font = font === BOLD ? `600 ${size}px ${SANS}` : `${size}px ${font || SANS}`;
  return measure.measureText(text).width;
}
// As much of the text as fits into so many pixels.
function clip(text, width, size, font) {
  if (textWidth(text, size, font) <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (textWidth(text.slice(0, middle) + "\u2026", size, font) <= width) low = middle;
    else high = middle - 1;
  }
  return low > 2 ? text.slice(0, low).trimEnd() + "\u2026" : "";
}

function draw() {
  const sight = { left: scroller.scrollLeft, top: scroller.scrollTop,
    width: scroller.clientWidth, height: scroller.clientHeight };
  sight.first = rowAt(sight.top);
  sight.last = rowAt(sight.top + sight.height);
  sight.words = view.row >= ROW.text;
  const focus = focusEvent();
  svg.setAttribute("width", sight.width);
  svg.setAttribute("height", sight.height);
  svg.dataset.row = view.row;
  const moved = shape("g", { transform: `translate(${-sight.left},${-sight.top})` });
  if (model.count > 0) {
    const parts = [drawBands, drawLifelines, drawBaton, drawEdges,
      sight.words ? drawEvents : drawStrokes, drawEnd];
    for (const part of parts) moved.append(part(sight, focus));
  }
  svg.replaceChildren(moved, drawGutter(sight, focus));
}

// Rows that are special: selected, under the pointer, answered by force.
function drawBands(sight) {
  const g = shape("g", {});
  const band = (i, name) => g.append(shape("rect", { class: name, x: sight.left,
    y: TOP + i * view.row, width: sight.width, height: Math.max(view.row, 2) }));
  for (let i = sight.first; i <= sight.last; i++) {
    const event = story.events[i];
    if (event.turn === "forced") band(i, event.needed ? "band needed" : "band forced");
  }
  if (view.hover >= 0) band(view.hover, "band hovered");
  if (view.selected >= 0 && view.goroutine === null) band(view.selected, "band selected");
  return g;
}

// Where a goroutine is on the page: from its creation to its end, hatched where it is stuck.
function drawLifelines(sight) {
  const g = shape("g", {});
  const bottom = bottomY() + 10;
  model.lanes.forEach((i) => {
    const own = model.own[i];
    const x = laneX(i);
    if (x < sight.left - 100 || x > sight.left + sight.width + 100) return;
    const one = story.goroutines[i];
    // It may run before its creator goes on. What the clock does is no life.
    const from = one.number === 0 ? own[0] : Math.min(one.created_at ?? own[0], own[0]);
    const until = one.end === "ended" && own.length > 0 ? rowY(own.at(-1)) : bottom;
    g.append(shape("line", { class: "life", x1: x, x2: x,
      y1: rowY(from), y2: until }));
    for (const [first, last] of model.stuck[i]) {
      const y = rowY(first);
      const end = last === null ? bottom : rowY(last);
      if (end < sight.top || y > sight.top + sight.height) continue;
      const name = last === null && isStuckForEver ? "stuck final" : "stuck";
      g.append(shape("line", { class: name, x1: x, x2: x, y1: y, y2: end }));
    }
  });
  return g;
}

// The line from each event to the next one: who runs.
function drawBaton(sight) {
  const g = shape("g", {});
  if (view.row < 5) return g;
  for (let i = Math.max(1, sight.first); i <= Math.min(model.count - 1, sight.last + 1); i++) {
    const event = story.events[i];
    const from = story.events[i - 1].goroutine;
    if (from === event.goroutine) continue;
    const y = TOP + i * view.row;
    const forced = event.turn === "forced";
    g.append(shape("path", { class: forced ? "baton forced" : "baton",
      d: `M${laneX(from)},${rowY(i - 1)}V${y}H${laneX(event.goroutine)}V${rowY(i)}` }));
  }
  return g;
}

function edgeClass(edge, focus) {
  if (focus < 0) return "";
  const a = relation(edge.from, focus);
  const b = relation(edge.to, focus);
  const past = (a === "before" || a === "self") && (b === "before" || b === "self");
  const later = (a === "after" || a === "self") && (b === "after" || b === "self");
  return past ? " before" : later ? " after" : " dim";
}
// Arrows leave downwards and arrive from above: beside the marks are the words.
function drawEdges(sight, focus) {
  const g = shape("g", {});
  const marked = shape("g", {});
  const crowded = view.row < 5;
  for (const edge of story.edges) {
    const from = story.events[edge.from];
    const to = story.events[edge.to];
    if (edge.to < sight.first - 1 || edge.from > sight.last + 1) continue;
    if (from.goroutine === to.goroutine || view.hidden.has(edge.kind)) continue;
    const related = edgeClass(edge, focus);
    const touches = edge.from === focus || edge.to === focus || edge.from === view.selected ||
      edge.to === view.selected;
    if (crowded && !touches) continue;
    const [xa, xb] = [laneX(from.goroutine), laneX(to.goroutine)];
    const [ya, yb] = [rowY(edge.from), rowY(edge.to)];
    const reachY = Math.min(60, (yb - ya) * 0.6);
    const at = related === "" || related === " dim" ? g : marked;
    at.append(shape("path", { class: `edge ${edge.kind}${related}`,
      d: `M${xa},${ya + 5}C${xa},${ya + reachY} ${xb},${yb - reachY} ${xb},${yb - 8}` }),
    shape("path", { class: `tip ${edge.kind}${related}`, d: `M${xb},${yb - 4.5}l-3.8,-7h7.6z` }));
  }
  g.append(marked);
  return g;
}

const quietOperations = new Set(["start", "go", "end", "runtime.Gosched"]);
function eventMark(event, x, y, i) {
  const r = Math.min(5, view.row * 0.28);
  if (i === wrongEvent()) return cross(x, y, r);
  if (quietOperations.has(event.operation))
    return shape("rect", { class: "mark quiet", x: x - r * 0.8, y: y - r * 0.8,
      width: r * 1.6, height: r * 1.6 });
  const last = i === model.own[event.goroutine].at(-1);
  const stuck = last && endClass(story.goroutines[event.goroutine]) === "blocked";
  const waits = event.phase === "waits" ? stuck ? " waits final" : " waits" : "";
  return shape("circle", { class: "mark" + waits, cx: x, cy: y, r });
}

function bandOf(i) {
  if (i === view.selected && view.goroutine === null) return "selected";
  if (i === view.hover) return "hovered";
  return story.events[i].turn === "forced" ? story.events[i].needed ? "needed" : "forced" : "";
}

// The reason of a forced switch, behind the words; returns how far it reaches.
function drawFlag(g, event, x, y, right) {
  const flag = clip(flagText(event), right - x - 16, 12, BOLD);
  if (!flag) return x;
  const width = textWidth(flag, 12, BOLD) + 14;
  const name = event.needed ? " needed" : "";
  g.append(shape("rect", { class: "flag" + name, x, y: y - 12.8, width, height: 17, rx: 8.5 }),
    shape("text", { class: "why" + name, x: x + 7, y: y - 0.3 }, flag));
  return x + width;
}

// Where words of this width go: right of the mark, left of it where the view ends, at the border
// with the goroutine's name if the mark is out of sight. Returns {at, prefix}.
function wordsAt(i, x, width, sight) {
  const left = sight.left + GUTTER;
  const right = sight.left + sight.width - 8;
  const name = goroutineName(story.events[i].goroutine);
  const room = width + textWidth(name, 12.5, BOLD) + 24;
  if (x < left) return { at: left + 4, prefix: `\u25c2 ${name}  ` };
  if (x > right) return { at: right - room, prefix: `${name} \u25b8  ` };
  const beyond = x + 11 + width > right && x - 11 - width > left;
  return { at: beyond ? x - 11 - width : x + 11, prefix: "" };
}

// Words beside the mark, and what is left of the line for why the switch was forced. Lines with
// room have the code below.
function eventWords(g, i, x, y, sight) {
  const event = story.events[i];
  const p = place(event.place);
  const two = view.row >= ROW.two && p;
  const right = sight.left + sight.width - 8;
  const font = quietOperations.has(event.operation) ? SANS : BOLD;
  const { at, prefix } = wordsAt(i, x, textWidth(eventText(i), 12.5, font), sight);
  const line = two ? y - 3 : y + 4.3;
  const high = Math.min(view.row - 1, two ? 32 : 18);
  const words = clip(prefix + eventText(i), Math.max(120, right - at), 12.5, font);
  let end = at + textWidth(words, 12.5, font);
  const back = shape("rect", { class: `back ${bandOf(i)}`, x: at - 3, y: y - high / 2,
    height: high, rx: 3 });
  g.append(back, shape("text", { class: font === BOLD ? "words" : "words quiet", x: at, y: line },
    words));
  if (event.turn === "forced") end = drawFlag(g, event, end + 10, line, right);
  const from = two ? at : end + 12;
  const where = at < x ? "" : clip(shortPlace(p), right - from, 11);
  g.append(shape("text", { class: "where", x: from, y: two ? line + 15 : line }, where));
  let under = where ? from + textWidth(where, 11) : 0;
  if (two && where) {
    const code = clip(codeLine(p), right - under - 10, 11, MONO);
    g.append(shape("text", { class: "code", x: under + 10, y: line + 15 }, code));
    if (code) under += 10 + textWidth(code, 11, MONO);
  }
  back.setAttribute("width", Math.max(end, under) - at + 6);
}
function drawEvents(sight, focus) {
  const all = shape("g", {});
  for (let i = sight.first; i <= sight.last; i++) {
    const event = story.events[i];
    const related = focus < 0 ? "" : relation(i, focus);
    const dim = related === "beside" ? " dim" : "";
    const g = shape("g", { class: `event ${related}${dim}`.trimEnd(), "data-event": i });
    const x = laneX(event.goroutine);
    const y = rowY(i);
    eventWords(g, i, x, y, sight);
    if (related === "before" || related === "after" || related === "self")
      g.append(shape("circle", { class: `ring ${related}`, cx: x, cy: y, r: 8.5 }));
    g.append(eventMark(event, x, y, i));
    all.append(g);
  }
  return all;
}

// Rows without room for words: strokes, and what does not hold them up.
function drawStrokes(sight, focus) {
  const all = shape("g", {});
  const paths = new Map();
  const half = Math.min(9, view.lane * 0.3);
  for (let i = sight.first; i <= sight.last; i++) {
    const event = story.events[i];
    const name = focus < 0 ? event.phase === "waits" ? "waits" : "plain" : relation(i, focus);
    if (!paths.has(name)) paths.set(name, []);
    paths.get(name).push(`M${laneX(event.goroutine) - half},${rowY(i).toFixed(2)}h${2 * half}`);
  }
  for (const name of ["beside", "plain", "waits", "before", "after", "self"]) {
    const d = paths.get(name);
    if (!d) continue;
    const width = Math.max(name === "self" ? 3 : 0.8, Math.min(4, view.row * 0.7));
    all.append(shape("path", { class: `strokes ${name}`, d: d.join(""), "stroke-width": width }));
  }
  return all;
}

// Words below a lane may reach below its neighbours if those have none.
function roomBelow(goroutine) {
  const lane = model.laneOf[goroutine];
  const free = [lane - 1, lane + 1].every((next) => {
    const other = model.lanes[next];
    return other === undefined || story.goroutines[other].end === "ended";
  });
  return view.lane * (free ? 1.9 : 1);
}

// What became of each goroutine, below its lane; and the use of memory that was reported, which is
// no event.
function drawEnd(sight) {
  const g = shape("g", {});
  const y = bottomY() + 10;
  if (y > sight.top + sight.height + 40) return g;
  g.append(shape("line", { class: "ground", x1: sight.left + GUTTER, x2: sight.left + sight.width,
    y1: y, y2: y }));
  const wrong = wrongPlace();
  for (const i of model.lanes) {
    const one = story.goroutines[i];
    const o = object(one.waits_for);
    const state = endClass(one);
    const x = laneX(i);
    const said = wrong && wrong.goroutine === i;
    if (one.number === 0 || state === "ended") continue;
    if (state === "running" && (said || view.lane < 60)) continue;
    if (state === "blocked") g.append(cross(x, y, 5));
    const words = one.state.replace(/^sync\./, "") + (o ? " " + o.name : "");
    g.append(shape("text", { class: `final ${state}`, x, y: y + 20, "text-anchor": "middle" },
      clip(words, roomBelow(i) - 4, 11.5, state === "blocked" ? BOLD : SANS)));
  }
  if (!wrong) return g;
  const x = laneX(wrong.goroutine);
  const what = wrong.what.length > 30 ? typeText() : wrong.what;
  const words = `${what}: ${placeText(wrong.frame)}`;
  g.append(cross(x, y, 5), shape("rect", { class: "back", x: x + 8, y: y - 9, height: 18,
    width: textWidth(words, 12, BOLD) + 6 }),
  shape("text", { class: "final blocked", x: x + 11, y: y + 4 }, words));
  return g;
}
function cross(x, y, r) {
  return shape("path", { class: "mark fails",
    d: `M${x - r},${y - r}l${2 * r},${2 * r}m0,${-2 * r}l${-2 * r},${2 * r}` });
}

// Step numbers, and how each row stands to the event in focus: a sign, not only a colour.
function drawGutter(sight, focus) {
  const g = shape("g", { class: "gutter" });
  g.append(shape("rect", { class: "gutter-back", x: 0, y: 0, width: GUTTER - 8,
    height: sight.height }));
  if (model.count === 0) return g;
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]
    .find((n) => n * view.row >= 15) || 20000;
  const signs = { before: "\u25b2", after: "\u25bc", self: "\u25c6" };
  for (let i = sight.first; i <= sight.last; i++) {
    const y = rowY(i) - sight.top + 4;
    const event = story.events[i];
    const numbered = (i + 1) % every === 0 || (i === 0 && every < 10);
    if (numbered)
      g.append(shape("text", { class: "number", x: 34, y, "text-anchor": "end" }, String(i + 1)));
    const related = focus >= 0 && view.row >= 9 ? relation(i, focus) : "beside";
    if (signs[related])
      g.append(shape("text", { class: `sign ${related}`, x: 46, y, "text-anchor": "middle" },
        signs[related]));
    else if (event.turn === "forced" && (view.row >= 9 || event.needed))
      g.append(shape("text", { class: event.needed ? "sign needed" : "sign forced", x: 46, y,
        "text-anchor": "middle" }, "\u2691"));
  }
  return g;
}
