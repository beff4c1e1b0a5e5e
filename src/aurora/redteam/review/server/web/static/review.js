// The screen on which items are reviewed, and settled where reviewers disagree.
//
// One decision: the next item is shown after the server has kept the label of this one. Keys act only outside of fields and
// never while a character is composed; what a key stores is what its button shows, because both are one element.

import {difference, nodes} from "./diff.js";
import {Queue, post} from "./queue.js";

const by = id => document.getElementById(id);
const project = JSON.parse(by("project").textContent);
const settling = project.mode === "settle";
const screen = {work: null, base: "", chosen: [], busy: false};
const queue = new Queue(project.reviewer, project.form, showSaving);

// ---- what is said -------------------------------------------------------------------------------------------------

function say(text, kind = "") {
  by("said").textContent = text;
  by("said").className = kind;
}

function showSaving(state, seconds) {
  const words = {
    saving: "Saving …",
    saved: "Saved.",
    refused: "Not saved.",
    waiting: `Not saved yet: the server does not answer. It is kept in this browser and sent again in ${seconds} s.`,
    stopped: "Not saved yet: you are signed out. It is kept in this browser; sign in again, and it is sent.",
  };
  by("saving").textContent = words[state];
  by("saving").className = ["waiting", "stopped", "refused"].includes(state) ? "unsaved" : "";
  by("sign-in").hidden = state !== "stopped";
}

// ---- the item -----------------------------------------------------------------------------------------------------

function show(work, said = "") {
  screen.work = work;
  screen.busy = false;
  const {item} = work;
  by("nothing").hidden = item !== null;
  by("work").hidden = item === null;
  by("left").textContent = work.left;
  by("undo").disabled = !work.undo;
  by("redo").disabled = !work.redo;
  showExposure(work.exposure);
  if (item === null) {
    by("why").textContent = work.why;
    say(said || work.why);
    by("nothing").focus();
    return;
  }
  fill(item);
  say(`${said} Item in ${item.language_name}, ${clauseOf(item.category)?.title ?? item.category}.`.trim());
  by("item").focus();
  window.scrollTo(0, 0);
}

function fill(item) {
  by("item").dataset.item = item.id;
  const own = item.own ?? {label: null, category: item.category, response: null, chosen: [], note: ""};
  for (const element of [by("prompt"), by("response"), by("changes")]) element.lang = item.language;
  by("language").textContent = item.language_name;
  by("prompt").textContent = item.prompt;
  by("drafts").replaceChildren(...item.drafts.map((draft, place) => draftNode(draft, place, item)));
  by("no-drafts").hidden = item.drafts.length > 0;
  by("response").value = own.response ?? item.response;
  by("note").value = own.note;
  showCategories(item, own.category);
  screen.base = item.response;
  screen.chosen = [...own.chosen];
  for (const button of labels()) {
    const was = button.dataset.label === own.label;
    button.setAttribute("aria-pressed", was);
    button.disabled = false;
  }
  showClause();
  showChanges();
  by("heard").textContent = "";
  cover(true);
}

function draftNode(draft, place, item) {
  const node = by("draft").content.firstElementChild.cloneNode(true);
  node.querySelector("h3").textContent = draft.title ?? `Draft ${place + 1}`;
  node.querySelector(".by").textContent = draft.by;
  const text = node.querySelector(".quote");
  text.lang = item.language;
  if (!draft.id && place > 0) text.replaceChildren(...nodes(difference(item.drafts[0].text, draft.text, item.language)));
  else text.textContent = draft.text;
  const button = node.querySelector("button");
  button.append(` ${draft.title ?? `draft ${place + 1}`}`);
  button.addEventListener("click", () => take(draft));
  return node;
}

// Make a draft the answer; what was in the editor can be had back by the field's own undo.
function take(draft) {
  screen.base = draft.text;
  if (!screen.chosen.includes(draft.id)) screen.chosen.push(draft.id);
  const field = by("response");
  field.focus();
  field.select();
  if (!document.execCommand("insertText", false, draft.text)) field.value = draft.text;
  showChanges();
  say("Taken as the answer.");
}

function takeNext() {
  const {drafts} = screen.work.item;
  if (!drafts.length) return say("This item has no drafts.");
  const place = drafts.findIndex(draft => draft.text === by("response").value);
  take(drafts[(place + 1) % drafts.length]);
}

function clauseOf(category) {
  return project.categories[`${screen.work.item.policy}/${category}`];
}

// Only the categories of the item's own policy can be chosen.
function showCategories(item, chosen) {
  const own = Object.values(project.categories).filter(category => category.policy === item.policy);
  by("category").replaceChildren(...own.map(category => new Option(category.title, category.id)));
  by("category").value = chosen;
}

function showClause() {
  const category = clauseOf(by("category").value);
  by("clause").hidden = !category;
  by("no-clause").hidden = Boolean(category?.parts.length);
  if (!category) return;
  by("clause-title").textContent = category.title;
  by("clause-named").textContent = category.named;
  by("clause-parts").replaceChildren(...category.parts.flatMap(([heading, text]) => {
    const [title, words] = [document.createElement("h4"), document.createElement("p")];
    title.textContent = heading;
    words.textContent = text;
    return [title, words];
  }));
}

function showChanges() {
  const parts = difference(screen.base, by("response").value, screen.work.item.language);
  const changed = parts.some(([kind]) => kind !== "same");
  by("changes").replaceChildren(...(changed ? nodes(parts) : []));
  by("unchanged").hidden = changed;
}

function cover(covered) {
  screen.covered = covered;
  by("texts").classList.toggle("covered", covered);
  by("texts").inert = covered;
  by("cover").setAttribute("aria-expanded", !covered);
  by("cover-words").textContent = covered ? "Show the texts" : "Cover the texts";
}

function uncover() {
  if (!screen.work?.item) return;
  cover(!screen.covered);
  if (screen.covered || screen.seen === screen.work.item.id) return;
  screen.seen = screen.work.item.id;
  by("heard").textContent = screen.work.item.prompt;
  post("/api/work/seen", {item: screen.work.item.id}, project.form).then(answer => {
    if (answer && answer.status === 200) showExposure(answer.body);
  });
}

function showExposure(exposure) {
  by("seen-today").textContent = exposure.today;
  if (exposure.pause && !by("pause").open && Date.now() > (screen.pausedUntil ?? 0)) {
    by("pause-why").textContent = exposure.pause;
    by("pause").showModal();
  }
}

// ---- what a person does --------------------------------------------------------------------------------------------

function labels() {
  return Array.from(document.querySelectorAll("#labels button"));
}

function filled() {
  const {item} = screen.work;
  const response = by("response").value;
  return {
    item: item.id, version: item.version, category: by("category").value,
    response: response === item.response ? null : response, chosen: screen.chosen, note: by("note").value,
    ...wishes(),
  };
}

function wishes() {
  return {languages: wanted("language-filter"), categories: wanted("category-filter")};
}

function wanted(id) {
  return by(id).value ? [by(id).value] : [];
}

async function decide(button) {
  if (screen.busy || !screen.work?.item) return;
  if (screen.covered) return say("Show the texts before you give a label: press the space bar.", "unsaved");
  await send(settling ? "/api/settle" : "/api/review", {...filled(), label: button.dataset.label}, button);
}

async function send(path, body, button = null) {
  screen.busy = true;
  for (const other of labels()) other.disabled = true;
  button?.setAttribute("aria-pressed", "true");
  const answer = await queue.save(path, body);
  if (answer.status < 300 && answer.body.mode !== project.mode) { // what was undone belongs to the other screen
    return location.assign(`/${answer.body.mode}`);
  }
  if (answer.status < 300) return show(answer.body, answer.body.said);
  if (answer.status === 401) return undefined; // what is unsaved is sent when this person has signed in again
  screen.busy = false;
  for (const other of labels()) { other.disabled = false; other.setAttribute("aria-pressed", "false"); }
  if (answer.status === 409 && answer.body.theirs) return conflict(path, body, answer.body);
  if (answer.status === 409) return next(answer.body.said);
  return say(answer.body.said ?? "The server refused this: reload the page.", "unsaved");
}

// Somebody, perhaps the same person in another window, has changed the review meanwhile: both texts, and a choice.
function conflict(path, body, {said, theirs, version}) {
  const language = screen.work.item.language;
  const title = id => project.labels.find(label => label.id === id)?.title ?? id;
  const text = review => review.response ?? screen.work.item.response;
  by("conflict-why").textContent = said;
  by("their-label").textContent = title(theirs.label);
  by("my-label").textContent = title(body.label);
  by("their-text").textContent = text(theirs);
  by("my-text").replaceChildren(...nodes(difference(text(theirs), text(body), language)));
  by("keep-mine").onclick = () => { by("conflict").close(); send(path, {...body, version}); };
  by("keep-theirs").onclick = () => { by("conflict").close(); next("Theirs stays."); };
  by("conflict").showModal();
}

async function next(said = "") {
  const query = new URLSearchParams({mode: project.mode});
  if (project.item) { query.set("item", project.item); project.item = null; }
  for (const [name, id] of [["language", "language-filter"], ["category", "category-filter"]]) {
    for (const value of wanted(id)) query.append(name, value);
  }
  try {
    const response = await fetch(`/api/work?${query}`, {redirect: "error"});
    const body = await response.json();
    if (response.status === 401) return showSaving("stopped");
    if (!response.ok) return say(body.said, "unsaved");
    show(body, said);
  } catch {
    say("The server does not answer; trying again.", "unsaved");
    setTimeout(() => next(said), 3000);
  }
}

function step(kind) {
  if (!screen.busy && !by(kind).disabled) send(`/api/step/${kind}`, {...wishes(), mode: project.mode});
}

function skip() {
  if (!screen.busy && screen.work?.item) send("/api/work/skip", {...filled(), mode: project.mode});
}

// ---- keys ---------------------------------------------------------------------------------------------------------

const KEYS = {" ": uncover, Enter: () => edit("response"), "/": () => edit("note"), ",": takeNext, ".": skip,
  "?": () => by("keys").showModal()};

function edit(id) {
  if (screen.covered) return say("Show the texts first: press the space bar.", "unsaved");
  by(id).focus();
}

// A character is being composed (Japanese, Hindi, Vietnamese ...): the key belongs to the input method. Safari ends the
// composition before it tells of the key that ended it, and only the code 229 still says so.
function composes(event) {
  return event.isComposing || event.keyCode === 229;
}

function onKey(event) {
  if (composes(event) || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const inField = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && inField) { event.preventDefault(); return by("item").focus(); }
  if (inField || event.altKey) return;
  const letter = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    const kind = letter === "z" ? (event.shiftKey ? "redo" : "undo") : letter === "y" ? "redo" : null;
    if (kind) { event.preventDefault(); step(kind); }
    return;
  }
  if (!by("single-keys").checked) return;
  if (event.target.closest("button, a, summary") && [" ", "Enter"].includes(event.key)) return;
  const label = labels().find(button => button.dataset.key === letter);
  if (label && !event.repeat) { event.preventDefault(); decide(label); }
  else if (KEYS[event.key] && !event.repeat) { event.preventDefault(); KEYS[event.key](); }
}

function begin() {
  document.addEventListener("keydown", onKey);
  for (const button of labels()) button.addEventListener("click", () => decide(button));
  const clicks = {cover: uncover, undo: () => step("undo"), redo: () => step("redo"), skip,
    "show-keys": () => by("keys").showModal(), again: () => next()};
  for (const [id, action] of Object.entries(clicks)) by(id).addEventListener("click", action);
  for (const button of document.querySelectorAll("dialog button.close")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  by("pause").addEventListener("close", () => { screen.pausedUntil = Date.now() + 10 * 60_000; });
  by("category").addEventListener("change", showClause);
  for (const id of ["language-filter", "category-filter"]) by(id).addEventListener("change", () => next());
  let timer = 0;
  by("response").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(showChanges, 150); });
  by("single-keys").checked = localStorage.getItem("aurora-keys") !== "off";
  by("single-keys").addEventListener("change", event => {
    localStorage.setItem("aurora-keys", event.target.checked ? "on" : "off");
  });
  queue.drain(async (entry, answer) => {
    say(`A label from an earlier page was refused: ${answer.body.said ?? answer.status}`, "unsaved");
    by("refused").hidden = false;
    by("refused").textContent += `${by("refused").textContent ? "\n\n" : "Not saved: "}${entry.body.response ?? entry.body.label}`;
  }).then(sent => { if (sent) next(); });
}

begin();
