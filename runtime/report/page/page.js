// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts the page together; selection, keys and theme.

function say(text) {
  document.getElementById("said").textContent = text;
}

// ---- Selection ---------------------------------------------------------------------------------

function bringIntoSight(i) {
  const y = rowY(i);
  const margin = Math.min(60, scroller.clientHeight / 4);
  if (y - margin < scroller.scrollTop || y + margin > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = y - scroller.clientHeight / 2;
  const x = laneX(story.events[i].goroutine);
  if (x - 40 < scroller.scrollLeft + GUTTER || x + 140 > scroller.scrollLeft + scroller.clientWidth)
    scroller.scrollLeft = x - scroller.clientWidth / 2;
}

function select(i, options) {
  if (i === undefined || i < 0 || i >= model.count) return;
  view.selected = i;
  view.goroutine = null;
  if (!options || options.scroll !== false) bringIntoSight(i);
  shown();
  say(stepText(i) + (turnText(story.events[i]) ? ". " + turnText(story.events[i]) : ""));
}
function selectGoroutine(i) {
  view.goroutine = i;
  const last = model.own[i].at(-1);
  if (last !== undefined) {
    view.selected = last;
    bringIntoSight(last);
  }
  shown();
  say(headTitle(i));
}
function pin(on) {
  view.pinned = on;
  shown();
}
function shown() {
  showDetail();
  showHover();
  const same = (data, index) => String(index !== null && data === String(index));
  for (const button of document.querySelectorAll(".heads .head"))
    button.setAttribute("aria-pressed", same(button.dataset.goroutine, view.goroutine));
  for (const button of document.querySelectorAll("button.told")) {
    const { event, goroutine } = button.dataset;
    button.setAttribute("aria-current", view.goroutine === null
      ? same(event, view.selected) : same(goroutine, view.goroutine));
  }
  scroller.dataset.selected = view.selected;
  redraw();
}

// The line below the timeline: what the pointer is on.
function showHover() {
  const i = focusEvent();
  const line = document.getElementById("hover");
  line.dataset.event = i;
  if (i < 0) {
    line.textContent = "Point at an event to see what must happen before and after it.";
    return;
  }
  const r = relate(i);
  line.dataset.before = r.before.size;
  line.dataset.after = r.after.size;
  line.replaceChildren(el("b", {}, stepText(i)), " ",
    el("span", { class: "before" }, `\u25b2 ${r.before.size.toLocaleString("en")} before`), " ",
    el("span", { class: "after" }, `\u25bc ${r.after.size.toLocaleString("en")} after`));
}

// Beside the pointer, where rows are too thin for words.
function showTip(i, x, y) {
  const tip = document.getElementById("tip");
  tip.hidden = i < 0 || view.row >= ROW.text;
  if (tip.hidden) return;
  tip.textContent = stepText(i);
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.min(y + 16, innerHeight - tip.offsetHeight - 8)}px`;
}

// ---- Keys --------------------------------------------------------------------------------------

function stepAlong(by) {
  select(Math.max(0, Math.min(model.count - 1, view.selected + by)));
}
function stepOwn(by) {
  const own = model.own[story.events[view.selected].goroutine];
  const at = own[own.indexOf(view.selected) + by];
  if (at === undefined) say("No further step of this goroutine");
  else select(at);
}
function followEdge(direction, end) {
  const arrows = model.arrows[view.selected][direction].map((e) => story.edges[e][end]);
  const other = arrows.filter((i) =>
    story.events[i].goroutine !== story.events[view.selected].goroutine);
  const at = other[0] ?? arrows[0];
  const none = direction === "out" ? "No arrow leaves this step" : "No arrow ends at this step";
  if (at === undefined) say(none);
  else select(at);
}
function stepTold(by) {
  const steps = decisive().map((item) => item.event).filter((i) => i < model.count);
  const at = by > 0 ? steps.find((i) => i > view.selected)
    : steps.findLast((i) => i < view.selected);
  select(at);
}

const keys = [
  ["\u2193 or j", "next event", ["ArrowDown", "j"], () => stepAlong(1)],
  ["\u2191 or k", "previous event", ["ArrowUp", "k"], () => stepAlong(-1)],
  ["Shift \u2193 or J", "next event of the same goroutine", ["+ArrowDown", "J"], () => stepOwn(1)],
  ["Shift \u2191 or K", "previous event of the same goroutine", ["+ArrowUp", "K"],
    () => stepOwn(-1)],
  ["\u2192 or l", "along an arrow, to what it made possible", ["ArrowRight", "l"],
    () => followEdge("out", "to")],
  ["\u2190 or h", "back along an arrow, to where it came from", ["ArrowLeft", "h"],
    () => followEdge("in", "from")],
  ["n, p", "next and previous step of \u201cWhat happened\u201d", ["n"], () => stepTold(1)],
  ["", "", ["p"], () => stepTold(-1)],
  ["Page \u2193, Page \u2191", "a screen further or back", ["PageDown"],
    () => stepAlong(screenful())],
  ["", "", ["PageUp"], () => stepAlong(-screenful())],
  ["Home, End", "first and last event", ["Home"], () => select(0)],
  ["", "", ["End"], () => select(model.count - 1)],
  ["Enter or Space", "keep showing what must come before and after", ["Enter", " "],
    () => pin(!view.pinned)],
  ["+, \u2212", "larger and smaller (also Ctrl with the mouse wheel)", ["+", "="],
    () => zoomBy(1.3)],
  ["", "", ["-"], () => zoomBy(1 / 1.3)],
  ["0", "the whole execution at once, or rows to read", ["0"], () => toggleFit()],
  ["?", "these keys", ["?"], () => document.getElementById("help").showModal()],
  ["Esc", "close this; show everything again", ["Escape"], () => pin(false)],
];
function screenful() {
  return Math.max(1, Math.floor(scroller.clientHeight / view.row) - 1);
}
function toggleFit() {
  const fit = Math.min(fitRow(), comfortableRow());
  zoomTo(Math.abs(view.row - fit) < 0.01 ? comfortableRow() : fit);
  if (view.selected >= 0) bringIntoSight(view.selected);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.getElementById("help").open) return; // it closes itself
  const target = event.target;
  const inPage = target === document.body || target === scroller;
  const isButton = target.closest("button, a, input, summary, select");
  // Buttons keep Enter and Space, other parts that scroll keep the keys that scroll them.
  if (isButton && (event.key === "Enter" || event.key === " ")) return;
  if (!inPage && !isButton && target.closest("[tabindex]") && event.key.length > 1) return;
  const name = event.shiftKey && event.key.length > 1 ? "+" + event.key : event.key;
  const key = keys.find((k) => k[2].includes(name));
  if (!key || (view.selected < 0 && !/^[?+=-]$/.test(event.key))) return;
  event.preventDefault();
  forgetPointer();
  key[3]();
}

// ---- The rest of the page ----------------------------------------------------------------------

function showHelp() {
  const help = document.getElementById("help");
  help.append(el("h2", { id: "help-title" }, "Keys"),
    el("dl", { class: "keys" }, ...keys.filter((k) => k[0]).flatMap(([name, words]) =>
      [el("dt", {}, ...name.split(/( or |, )/)
        .map((part, k) => k % 2 ? part : el("kbd", {}, part))),
        el("dd", {}, words)])),
    el("h2", {}, "Signs"),
    el("ul", { class: "signs" },
      el("li", {}, "\u2691 a switch that the schedule forced; filled: without it there is no bug"),
      el("li", {}, "\u25cf a step; \u25cb one that has to wait; \u2715 what went wrong; " +
        "\u25a0 a goroutine begins, ends or creates another"),
      el("li", {}, "thick hatched line: the goroutine cannot go on"),
      el("li", {}, "\u25b2 must come before the step in focus; \u25bc must come after it")),
    el("form", { method: "dialog" }, el("button", { autofocus: true }, "Close")));
  help.addEventListener("click", (event) => {
    if (event.target === help) help.close();
  });
  document.getElementById("help-open").addEventListener("click", () => help.showModal());
}

function startTheme() {
  const button = document.getElementById("theme");
  const next = { system: "dark", dark: "light", light: "system" };
  let theme = "system";
  button.addEventListener("click", () => {
    theme = next[theme];
    document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    redraw();
  });
}

function showTop() {
  const title = story.type ? typeText() : story.verdict;
  document.getElementById("headline").replaceChildren(
    el("span", { class: story.type ? "type" : "type none" }, title),
    " ", sentenceCase(headline()));
  const more = reportAccesses().length === 2 ? [story.message + "."]
    : reportEarlier().map((e) =>
      `${e.what} by ${goroutineTitle(e.goroutine)}, at ${placeText(e.frame)}.`);
  document.getElementById("meaning").textContent =
    [meanings[story.type], ...more].filter(Boolean).map(sentenceCase).join(" ");
  const acting = story.goroutines.filter((g) => g.number !== 0).length;
  const variant = story.variant ? ` (${story.variant})` : "";
  document.getElementById("about").append(
    el("b", {}, story.target), `${variant} \u00b7 ${count(acting, "goroutine")} \u00b7 `,
    `${count(story.steps, "step")} \u00b7 ${count(story.switches, "switch", "switches")} \u00b7 `,
    `${count(story.preemptions, "preemption")}`,
    story.deviations > 0 ? ` \u00b7 ${count(story.deviations, "forced answer")}` : "",
    story.signature ? " \u00b7 " : "", story.signature ? el("code", {}, story.signature) : "");
}

function showLegend() {
  const there = new Set(story.edges.map((e) => e.kind));
  const note = "No arrows: the program is not instrumented.";
  if (there.size === 0 && model.lanes.length > 1)
    document.getElementById("legend").append(el("span", {}, note));
  document.getElementById("legend").append(...Object.entries(edgeKinds)
    .filter(([kind]) => there.has(kind)).map(([kind, words]) => {
      const box = el("input", { type: "checkbox" });
      box.checked = true;
      box.addEventListener("change", () => {
        if (box.checked) view.hidden.delete(kind);
        else view.hidden.add(kind);
        redraw();
      });
      return el("label", {}, box, shape("svg", { class: "sample", width: 26, height: 10,
        "aria-hidden": "true" }, shape("path", { class: `edge ${kind}`, d: "M0,5H18" }),
      shape("path", { class: `tip ${kind}`, d: "M25,5l-7,-3.5v7z" })), words);
    }));
}

// The panes take what the head leaves of the window.
function fitPanes() {
  const height = document.querySelector(".top").offsetHeight;
  document.documentElement.style.setProperty("--top", `${height}px`);
}

function start() {
  showTop();
  fitPanes();
  addEventListener("resize", fitPanes);
  showTold();
  document.getElementById("end").append(waitPicture());
  showContrast();
  showRun();
  showLegend();
  showReport();
  showList();
  showHelp();
  startTheme();
  startLanes();
  document.getElementById("zoom-in").addEventListener("click", () => zoomBy(1.5));
  document.getElementById("zoom-out").addEventListener("click", () => zoomBy(1 / 1.5));
  document.getElementById("zoom-fit").addEventListener("click", toggleFit);
  document.addEventListener("keydown", onKey);
  // What went wrong, if it has a card; else the beginning.
  select(0);
  shown();
  const stuck = isStuckForEver && `button[data-goroutine="${blocked()[0]}"]`;
  const card = document.querySelector(`#told .fails ${stuck || "button"}`);
  if (card) card.click();
  document.documentElement.dataset.ready = "yes";
}
start();
