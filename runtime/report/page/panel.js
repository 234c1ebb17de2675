// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What stands beside the timeline: the selected event or goroutine, its source, the short story.

function stepButton(i, text) {
  return el("button", { type: "button", class: "step-link", onclick: () => select(i),
    title: stepText(i) }, text || `step ${i + 1}`);
}

function fact(name, ...value) {
  return value.some(Boolean) ? [el("dt", {}, name), el("dd", {}, ...value)] : [];
}

function objectText(i) {
  const o = object(i);
  if (!o) return null;
  const made = place(o.made_at);
  const by = o.made_by === null ? "" : ` made by ${goroutineName(o.made_by)}`;
  return `${o.kind} ${o.name}${by}${made ? ` at ${placeText(made)}` : ""}`;
}

const ARROWS_MAX = 8;
// Events at the other ends of its arrows.
function arrowsOf(i, direction, other) {
  const edges = model.arrows[i][direction].map((e) => story.edges[e]);
  const lines = edges.slice(0, ARROWS_MAX).map((edge) => {
    const at = edge[other];
    const who = goroutineName(story.events[at].goroutine);
    return el("li", {}, stepButton(at), ` ${who} ${eventText(at)} (${edgeKinds[edge.kind]})`);
  });
  const more = edges.length - lines.length;
  if (more > 0) lines.push(el("li", {}, `and ${more} more`));
  return lines.length > 0 ? el("ul", { class: "arrows" }, ...lines) : null;
}

function goroutineFacts(i) {
  const g = story.goroutines[i];
  const created = g.created_by === null ? null
    : [`by ${goroutineTitle(g.created_by)}, `,
      g.created_at === null ? "" : stepButton(g.created_at)];
  const awaited = object(g.waits_for) ? ` on ${objectText(g.waits_for)}` : "";
  return [
    ...fact("Created", ...(created || [])),
    ...fact("At the end", g.state + awaited),
    ...fact("Why", g.waiting),
  ];
}

function showGoroutine(i) {
  const g = story.goroutines[i];
  document.getElementById("detail-title").textContent = goroutineTitle(i);
  const own = model.own[i];
  const steps = own.length === 0 ? "none" : count(own.length, "step");
  const first = own.length === 0 ? null
    : [" from ", stepButton(own[0]), " to ", stepButton(own.at(-1))];
  const note = isStuckForEver && g.end === "blocked" ? "stuck here" : null;
  return [
    el("p", { class: `badge ${endClass(g)}` }, stateMarks[g.end],
      g.end === "blocked" ? ` in ${g.state}` : ""),
    g.place === null ? null : snippet(place(g.place), note),
    el("dl", {}, ...goroutineFacts(i), ...fact("Acts in", steps, ...(first || []))),
  ];
}

function pinBox(i) {
  const r = relate(i);
  const beside = model.count - 1 - r.before.size - r.after.size;
  const box = el("input", { type: "checkbox", id: "pin" });
  box.checked = view.pinned;
  box.addEventListener("change", () => pin(box.checked));
  return el("div", { class: "order" },
    el("p", { id: "order", "data-before": r.before.size, "data-after": r.after.size },
      el("span", { class: "before" }, `\u25b2 ${count(r.before.size, "event")} before`),
      el("span", { class: "after" }, `\u25bc ${count(r.after.size, "event")} after`),
      el("span", { class: "quiet" }, `${count(beside, "event")} not ordered with it`)),
    el("label", {}, box, " Keep showing what must come before and after it"));
}

function showEvent(i) {
  const event = story.events[i];
  const g = story.goroutines[event.goroutine];
  document.getElementById("detail-title").textContent = `Step ${i + 1} of ${model.count}`;
  const why = turnText(event);
  const stuck = isStuckForEver && g.end === "blocked" && i === model.own[event.goroutine].at(-1);
  const elsewhere = g.place !== null && g.place !== event.place;
  return [
    el("p", { class: "what" }, goroutineChip(event.goroutine), " ", el("b", {}, eventText(i))),
    why ? el("p", { class: event.needed ? "reason needed" : "reason" }, "\u2691 " + why) : null,
    snippet(place(event.place)),
    el("dl", {}, ...fact("On", objectText(event.object)),
      ...fact("Comes after", arrowsOf(i, "in", "from")),
      ...fact("Leads to", arrowsOf(i, "out", "to"))),
    stuck ? el("div", { class: "then" },
      el("p", { class: "badge blocked" }, "\u2716 From here on ", goroutineName(event.goroutine),
        ` is stuck in ${g.state}`, object(g.waits_for) ? ` on ${object(g.waits_for).name}` : ""),
      g.waiting ? el("p", {}, g.waiting) : null,
      elsewhere ? snippet(place(g.place), "stuck here") : null) : null,
    pinBox(i),
  ];
}

function showDetail() {
  const body = document.getElementById("detail-body");
  const parts = view.goroutine !== null ? showGoroutine(view.goroutine)
    : view.selected >= 0 ? showEvent(view.selected)
      : [el("p", {}, "This execution has no events.")];
  body.replaceChildren(...parts.filter(Boolean));
  const here = body.querySelector(".row.here");
  if (here) here.parentElement.scrollTop = here.offsetTop - here.parentElement.clientHeight / 2;
}

// ---- The short story ---------------------------------------------------------------------------

function quoted(p) {
  const code = codeLine(p);
  return code ? el("code", { class: "line" }, ...coloured(code)) : null;
}
function toldCard(kind, number, goroutine, text, frame, more, onclick) {
  const g = story.goroutines[goroutine];
  return el("li", { class: kind },
    el("button", { type: "button", class: "told", onclick, ...more.attributes },
      el("span", { class: "number" }, number),
      el("span", { class: "body" }, more.above,
        el("span", {}, el("b", {}, goroutineName(goroutine)), g.number ? ` ${g.name}: ` : " ",
          text),
        quoted(frame),
        el("span", { class: "where" }, placeText(frame)), more.below)));
}
function toldEvent(i) {
  const event = story.events[i];
  const why = turnText(event);
  const kind = event.needed ? "needed" : event.turn === "forced" ? "forced"
    : i === wrongEvent() ? "fails" : "";
  const above = why && el("span", { class: "why" }, "\u2691 " + why);
  return toldCard(kind, String(i + 1), event.goroutine, eventText(i), place(event.place),
    { above, attributes: { "data-event": i } }, () => select(i));
}
function toldStuck(item) {
  const g = story.goroutines[item.goroutine];
  const o = object(g.waits_for);
  const number = item.acts ? String(item.event + 1) : "\u2716";
  const below = item.what && el("span", { class: "because" }, item.what);
  return toldCard("fails", number, item.goroutine,
    `stuck in ${g.state}${o ? ` on ${o.kind} ${o.name}` : ""}`, item.frame,
    { below, attributes: { "data-goroutine": item.goroutine } },
    () => selectGoroutine(item.goroutine));
}
// Something that the report names and that is no event of its own, such as an access.
function toldPlace(item) {
  const below = item.because && el("span", { class: "because" }, item.because);
  return toldCard("fails", "\u2716", item.goroutine, item.what, item.frame, { below }, () => {
    selectGoroutine(item.goroutine);
    const shown = place(story.goroutines[item.goroutine].place);
    if (shown && placeText(shown) === placeText(item.frame)) return;
    const note = item.what.length < 30 ? item.what : null;
    document.getElementById("detail-body").prepend(snippet(item.frame, note));
  });
}
function showTold() {
  document.getElementById("told").replaceChildren(...decisive().map((item) =>
    item.stuck ? toldStuck(item) : item.event !== undefined ? toldEvent(item.event)
      : toldPlace(item)));
}

function showContrast() {
  const c = story.contrast;
  if (!c || !c.found) return;
  const who = c.event === null ? "" : ` ${goroutineTitle(story.events[c.event].goroutine)} `;
  document.getElementById("contrast").append(el("h2", {}, "What a passing schedule does instead"),
    el("p", {}, `${sentenceCase(c.sentence)}.`),
    c.event === null ? el("p", {}, "Instead: ", c.expected)
      : el("dl", { class: "contrast" },
        ...fact("Here", stepButton(c.event), who, eventText(c.event)),
        ...fact("There", c.expected)));
}

function showRun() {
  const command = el("code", { id: "replay", tabindex: "0" }, story.replay);
  const bytes = count(story.input.length / 2, "byte");
  const copy = el("button", { type: "button", onclick: () => {
    getSelection().selectAllChildren(command);
    const done = navigator.clipboard ? navigator.clipboard.writeText(story.replay)
      : Promise.reject();
    done.then(() => say("Copied"), () => say("Selected: copy it with the keyboard"));
    copy.textContent = "Copied";
  } }, "Copy");
  document.getElementById("run").append(el("h2", {}, "Run it again"),
    el("div", { class: "command" }, command, copy),
    story.input ? el("details", {}, el("summary", {}, `The input: ${bytes}`),
      el("p", {}, "This command makes the file:"),
      el("code", { class: "input" }, `echo ${story.input} | xxd -r -p >input`)) : "");
}

// ---- Below -------------------------------------------------------------------------------------

// One row for each event: what the timeline shows, in words.
function showList() {
  const rows = story.events.map((event, i) => el("tr", { "data-event": i },
    el("td", {}, el("button", { type: "button", class: "step-link", onclick: () => select(i),
      "aria-label": stepText(i) }, String(i + 1))),
    el("td", {}, goroutineTitle(event.goroutine)),
    el("td", {}, eventText(i)),
    el("td", {}, turnText(event)),
    el("td", { class: "where" }, placeText(place(event.place), true))));
  const heading = ["Step", "Goroutine", "Operation", "Forced because", "Place"];
  const lost = story.events_dropped > 0
    ? el("p", {}, `${count(story.events_dropped, "later event")} did not fit the log.`) : null;
  const table = el("table", {}, el("thead", {}, el("tr", {},
    ...heading.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...rows));
  const events = count(model.count, "event");
  const box = el("details", { open: model.count <= 200 },
    el("summary", {}, `${events}, in the order in which they were executed`), table);
  document.getElementById("events").append(box, lost || "");
}

function showReport() {
  document.getElementById("report").append(story.report
    ? el("pre", { tabindex: "0", "aria-label": "Text of the report" }, story.report)
    : el("p", { class: "quiet" }, "Nothing was reported."));
}
