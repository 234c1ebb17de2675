// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is said about goroutines, events and places, and the elements that say it. Text of the story
// reaches the page through textContent only: it may hold anything.

function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

function goroutineName(i) {
  const g = story.goroutines[i];
  return g.number === 0 ? "clock" : "G" + g.number;
}
function goroutineTitle(i) {
  const g = story.goroutines[i];
  return g.number === 0 || !g.name ? goroutineName(i) : `${goroutineName(i)} ${g.name}`;
}

function fileName(file) {
  return file.slice(file.lastIndexOf("/") + 1);
}
function placeText(p, whole) {
  if (!p || !p.file) return p && p.function ? p.function : "";
  return `${whole ? p.file : fileName(p.file)}:${p.line}`;
}

// By the event that creates it: the goroutine.
const createdBy = new Map();
story.goroutines.forEach((g, i) => {
  if (g.created_at !== null) createdBy.set(g.created_at, i);
});

function operationText(i) {
  const event = story.events[i];
  const o = object(event.object);
  const made = createdBy.get(i);
  if (event.operation === "go" && made !== undefined) return `go: creates ${goroutineTitle(made)}`;
  return event.operation + (o ? " " + o.name : "");
}
function eventText(i) {
  const event = story.events[i];
  const detail = event.operation === "go" && createdBy.has(i) ? "" : event.detail;
  const rest = [event.phase, detail].filter(Boolean);
  return operationText(i) + (rest.length ? ": " + rest.join(", ") : "");
}

const turnWords = { forced: "forced switch", preempts: "preemption" };
// Why another goroutine than the natural one went on; "" if it was the natural one.
function turnText(event) {
  if (event.turn !== "forced") return "";
  const reason = event.reason || turnWords[event.preempts ? "preempts" : "forced"];
  return event.needed ? `${reason} \u2014 without this the bug does not happen` : reason;
}

// The same where there is little room.
function flagText(event) {
  const why = event.turn === "forced" ? event.reason || turnText(event) : "";
  return why && `\u2691 ${event.needed ? "needed: " : ""}${why}`;
}

// One file: its lines need no name.
const manyFiles = new Set(story.places.map((p) => p.file)).size > 1;
function shortPlace(p) {
  return manyFiles || !p ? placeText(p) : `line ${p.line}`;
}

// A step as one line of text: for the list, for screen readers, for titles.
function stepText(i) {
  const event = story.events[i];
  const at = placeText(place(event.place), false);
  return `Step ${i + 1}: ${goroutineTitle(event.goroutine)}: ${eventText(i)}${at ? ", " + at : ""}`;
}

function count(n, one, many) {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many || one + "s"}`;
}
function sentenceCase(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
function typeText() {
  return sentenceCase(story.type.replace(/-/g, " "));
}

// Of these only is it so that who waits at the end waits for ever; another bug ends an execution
// while goroutines wait for what would still come.
const isStuckForEver = ["deadlock", "partial-deadlock", "goroutine-leak"].includes(story.type);
const stateMarks = {
  blocked: isStuckForEver ? "\u2716 stuck" : "\u25cb waits",
  ended: "\u2713 ended",
  running: "\u2026 running",
};
// "stuck" is red, "waits" is not.
function endClass(g) {
  return g.end === "blocked" && !isStuckForEver ? "waiting" : g.end;
}

const edgeKinds = {
  create: "go statement",
  message: "message",
  lock: "lock",
  sync: "other synchronization",
};

// For those who have not met this kind of bug.
const meanings = {
  deadlock: "The test itself can never end: it waits for something that nobody is left to do.",
  "partial-deadlock": "Some goroutines wait for each other for ever, while others go on.",
  "goroutine-leak": "The test is over, but goroutines are left behind that can never go on.",
  livelock: "Goroutines keep running, and none of them gets anywhere.",
  "close-of-closed-channel": "A channel may be closed once; the second close panics.",
  "close-of-nil-channel": "Closing a channel that was never made panics.",
  "send-to-closed-channel": "After a channel is closed, each send to it panics.",
  "negative-waitgroup-counter": "Done was called more often than Add had counted.",
  "waitgroup-misuse": "An Add that may come too late for the Wait that should wait for it.",
  "unlock-of-unlocked-mutex": "Unlocking a mutex that nobody holds ends the program.",
  "unlock-of-unlocked-rwmutex": "Unlocking a lock that nobody holds ends the program.",
  "concurrent-map-write": "Two goroutines can change the same map at once.",
  "concurrent-map-read-write": "One goroutine can read a map while another changes it.",
  "oracle-failure": "What the program promises about itself does not hold after this schedule.",
  "data race":
    "Two goroutines use the same memory, at least one of them writes, and nothing orders the two.",
  "heap-use-after-free": "Memory was used after it had been given back.",
  "use-after-free": "Memory was used after it had been given back.",
  "log-after-test": "A goroutine of a test still logs when that test may be over.",
};
