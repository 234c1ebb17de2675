// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The timeline's state and geometry: a lane per goroutine, a row per event, time downwards.
//
// Invariants
// - Only what is in sight is drawn (draw.js), into one SVG that stays where the view is.
// - One event per row: a row is its event, wherever in it the pointer is. Only when rows are too
//   thin to hit does the lane count too.
// - view.selected is always an event of the story (or -1 when there are none).

const GUTTER = 62; // step numbers, to the left of the first lane
const TOP = 6;
const ROW = { min: 0.05, text: 14, two: 34, max: 64 };

const view = {
  row: 24, // height of a row, in pixels
  lane: 100, // width of a lane
  zoomed: false, // by the reader: else rows are as high as is comfortable
  end: 40, // height of what stands below the last row
  labels: 260, // room behind the last lane
  hover: -1,
  selected: model.count > 0 ? 0 : -1,
  goroutine: null, // selected as a whole, instead of the event
  pinned: false, // the selected event's relations stay shown
  hidden: new Set(), // kinds of edges that are not drawn
};

const scroller = document.getElementById("scroll");
const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
const sizer = el("div", { class: "sizer" });

function laneX(goroutine) {
  return GUTTER + (model.laneOf[goroutine] + 0.5) * view.lane;
}
function rowY(i) {
  return TOP + (i + 0.5) * view.row;
}
function bottomY() {
  return TOP + model.count * view.row;
}
function rowAt(y) {
  return Math.max(0, Math.min(model.count - 1, Math.floor((y - TOP) / view.row)));
}
function focusEvent() {
  if (view.hover >= 0) return view.hover;
  return view.pinned ? view.selected : -1;
}

function layOut() {
  const width = scroller.clientWidth;
  const lanes = Math.max(1, model.lanes.length);
  const room = width - GUTTER - Math.min(330, width * 0.45);
  view.lane = Math.max(30, Math.min(150, Math.max(room, 110 * Math.min(lanes, 4)) / lanes));
  view.labels = Math.max(120, width - GUTTER - lanes * view.lane);
  if (!view.zoomed) view.row = comfortableRow();
  resize();
}
function resize() {
  sizer.style.width = `${GUTTER + model.lanes.length * view.lane + view.labels}px`;
  sizer.style.height = `${Math.max(bottomY() + view.end, scroller.clientHeight)}px`;
  heads();
  redraw();
}

let drawn = 0;
function redraw() {
  if (drawn) return;
  drawn = requestAnimationFrame(() => {
    drawn = 0;
    draw();
  });
}

// ---- Zoom --------------------------------------------------------------------------------------

function fitRow() {
  return (scroller.clientHeight - view.end - TOP - 4) / Math.max(1, model.count);
}
// Rows as high as the view allows, within what is comfortable to read.
function comfortableRow() {
  return Math.max(22, Math.min(44, fitRow()));
}
function zoomTo(row, atY) {
  const y = atY === undefined ? scroller.clientHeight / 2 : atY;
  const at = (scroller.scrollTop + y - TOP) / view.row;
  const least = Math.max(ROW.min, Math.min(fitRow(), comfortableRow()));
  view.row = Math.max(least, Math.min(ROW.max, row));
  view.zoomed = true;
  resize();
  scroller.scrollTop = at * view.row + TOP - y;
}
function zoomBy(factor, atY) {
  zoomTo(view.row * factor, atY);
  say(`Rows of ${Math.round(view.row * 10) / 10} pixels`);
}

// ---- Heads of the lanes ------------------------------------------------------------------------

function headTitle(i) {
  const g = story.goroutines[i];
  const by = g.created_by === null ? "" : `, created by ${goroutineName(g.created_by)}`;
  return `${goroutineTitle(i)}${by}; at the end: ${g.state}${g.culprit ? "; to blame" : ""}`;
}
function headButton(i, lane) {
  const g = story.goroutines[i];
  const narrow = view.lane < 76;
  const mark = stateMarks[g.end];
  const looks = `${narrow ? " narrow" : ""}${g.culprit ? " culprit" : ""}`;
  const button = el("button", { type: "button", class: `head ${endClass(g)}${looks}`,
    title: headTitle(i), "aria-label": headTitle(i), "data-goroutine": i,
    "aria-pressed": String(view.goroutine === i), onclick: () => selectGoroutine(i) },
    el("b", {}, goroutineName(i)), el("span", { class: "name" }, g.number === 0 ? "" : g.name),
    el("span", { class: "state" }, g.number === 0 ? "" : narrow ? mark.slice(0, 1) : mark));
  button.style.left = `${GUTTER + lane * view.lane}px`;
  button.style.width = `${view.lane}px`;
  return button;
}
function idleNote() {
  const names = model.idle.map(goroutineName);
  if (names.length === 0) return null;
  const shown = names.length > 3 ? `${names[0]} to ${names.at(-1)}` : names.join(", ");
  const note = el("p", { class: "idle", title: names.join(", ") },
    `Created, but never ran: ${names.length > 3 ? `${names.length}, ` : ""}${shown}`);
  note.style.left = `${GUTTER + model.lanes.length * view.lane + 12}px`;
  return note;
}
function heads() {
  const box = document.getElementById("heads");
  box.classList.toggle("narrow", view.lane < 76);
  const inner = el("div", { class: "heads-inner" },
    ...model.lanes.map((goroutine, lane) => headButton(goroutine, lane)));
  inner.append(idleNote() || "");
  box.replaceChildren(inner);
  moveHeads();
}
function moveHeads() {
  const inner = document.querySelector(".heads-inner");
  if (inner) inner.style.transform = `translateX(${-scroller.scrollLeft}px)`;
}

// ---- Pointer -----------------------------------------------------------------------------------

function eventAt(clientX, clientY) {
  const box = scroller.getBoundingClientRect();
  const x = clientX - box.left + scroller.scrollLeft;
  const y = clientY - box.top + scroller.scrollTop;
  if (model.count === 0 || y < TOP || y >= bottomY()) return -1;
  if (view.row >= 6) return rowAt(y);
  const reachRows = Math.ceil(4 / view.row);
  const from = rowAt(y - reachRows * view.row);
  const to = rowAt(y + reachRows * view.row);
  let best = -1;
  let least = Infinity;
  for (let i = from; i <= to; i++) {
    const dx = Math.abs(laneX(story.events[i].goroutine) - x);
    const distance = dx * 4 + Math.abs(rowY(i) - y);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function hover(i, clientX, clientY) {
  showTip(i, clientX, clientY);
  if (i === view.hover) return;
  view.hover = i;
  showHover();
  redraw();
}

// Where the pointer is, while it is what one steers with: rows that scroll below it are pointed at.
let pointer = null;
function forgetPointer() {
  pointer = null;
  hover(-1);
}
function hoverAgain() {
  if (pointer) hover(eventAt(pointer.clientX, pointer.clientY), pointer.clientX, pointer.clientY);
}

let drag = null;
function pointerDown(event) {
  if (event.button !== 0) return;
  const box = scroller.getBoundingClientRect();
  if (event.clientX - box.left > scroller.clientWidth) return; // the scroll bar
  drag = { x: event.clientX, y: event.clientY, left: scroller.scrollLeft, top: scroller.scrollTop,
    moved: false };
}
function pointerMove(event) {
  pointer = event;
  if (!drag) return hoverAgain();
  const dx = event.clientX - drag.x;
  const dy = event.clientY - drag.y;
  if (!drag.moved && Math.abs(dx) + Math.abs(dy) < 5) return undefined;
  if (!drag.moved) scroller.setPointerCapture(event.pointerId);
  drag.moved = true;
  scroller.classList.add("dragged");
  scroller.scrollLeft = drag.left - dx;
  scroller.scrollTop = drag.top - dy;
  return undefined;
}
function pointerUp(event) {
  const clicked = drag && !drag.moved;
  drag = null;
  scroller.classList.remove("dragged");
  const i = clicked ? eventAt(event.clientX, event.clientY) : -1;
  if (i >= 0) select(i, { scroll: false });
}

function startLanes() {
  svg.setAttribute("aria-hidden", "true"); // the list of events says the same in words
  sizer.append(svg);
  scroller.append(sizer);
  scroller.addEventListener("scroll", () => {
    moveHeads();
    hoverAgain();
    redraw();
  });
  scroller.addEventListener("pointerdown", pointerDown);
  scroller.addEventListener("pointermove", pointerMove);
  scroller.addEventListener("pointerup", pointerUp);
  scroller.addEventListener("pointercancel", () => (drag = null));
  scroller.addEventListener("pointerleave", forgetPointer);
  scroller.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) return; // it scrolls
    event.preventDefault();
    const y = event.clientY - scroller.getBoundingClientRect().top;
    zoomTo(view.row * Math.exp(-event.deltaY * 0.002), y);
  }, { passive: false });
  layOut();
  new ResizeObserver(layOut).observe(scroller);
}
