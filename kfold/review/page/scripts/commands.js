// Everything that can be done, with its keys: the keyboard, the buttons and the list of keys are made
// of this table. A letter stands for itself in upper case, too; `Mod` is Ctrl or Cmd.
import {
  dropPoint, dropRow, exchangeSides, restorePoint, restoreRow, takePoint, takeRow, toggleFine,
} from "./actions.js";

const FINE_STEP = 0.25, COARSE_STEP = 1;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// `text` says in the list of keys what a command does, `label` stands on its button, if it has one.
export const COMMANDS = [
  { id: "previous", group: "Face", keys: ["p", "PageUp"], label: "‹ Previous", text: "Previous face", run: (app) => app.step(-1) },
  { id: "next", group: "Face", keys: ["n", "PageDown"], label: "Next ›", text: "Next face", run: (app) => app.step(1) },
  { id: "jump", group: "Face", keys: ["g"], text: "Go to a row number", run: (app) => app.page.askForRow() },
  { id: "take-row", group: "Row", keys: ["Shift+t"], label: "Take prediction", text: "Take over the prediction for all its labels", edit: takeRow },
  { id: "exchange", group: "Row", keys: ["x"], label: "Exchange sides", text: "Exchange left and right", edit: exchangeSides },
  { id: "drop-row", group: "Row", keys: ["Shift+d"], label: "Drop all", text: "Drop all its labels", edit: dropRow },
  { id: "restore-row", group: "Row", keys: ["Shift+o"], label: "Original", text: "Back to the labels as they were given", edit: restoreRow },
  { id: "fine", group: "Row", keys: ["f"], label: "Mark as fine", text: "Mark as fine, or not", edit: toggleFine },
  { id: "next-point", group: "Point", keys: ["."], label: "Next point", text: "Choose the next point", run: (app) => app.stepPoint(1) },
  { id: "previous-point", group: "Point", keys: [","], label: "Previous point", text: "Choose the previous point", run: (app) => app.stepPoint(-1) },
  { id: "take-point", group: "Point", keys: ["t"], label: "Take prediction", text: "Take over its prediction", edit: takePoint },
  { id: "drop-point", group: "Point", keys: ["d", "Delete"], label: "Drop", text: "Drop its label", edit: dropPoint },
  { id: "restore-point", group: "Point", keys: ["o"], label: "Original", text: "Back to the label as it was given", edit: restorePoint },
  ...[["", FINE_STEP], ["Shift+", COARSE_STEP]].map(([prefix, step]) => ({
    id: `nudge-${step}`,
    group: "Point",
    keys: Object.keys(ARROWS).map((arrow) => prefix + arrow),
    shown: `${prefix}arrows`,
    text: `Move it by ${step} px`,
    run: (app, key) => app.nudge(ARROWS[key].map((axis) => axis * step)),
  })),
  { id: "undo", group: "Undo", keys: ["z", "Mod+z"], label: "Undo", text: "Undo", run: (app) => app.undo() },
  { id: "redo", group: "Undo", keys: ["Shift+z", "Mod+Shift+z", "Mod+y"], label: "Redo", text: "Redo", run: (app) => app.redo() },
  { id: "zoom-out", group: "View", keys: ["-"], label: "−", text: "Zoom out", run: (app) => app.zoom(-1) },
  { id: "zoom-in", group: "View", keys: ["+", "="], label: "+", text: "Zoom in", run: (app) => app.zoom(1) },
  { id: "zoom-off", group: "View", keys: ["0"], label: "Whole", text: "Show the whole face", run: (app) => app.zoom(0) },
  { id: "hide", group: "View", keys: ["h"], label: "Marks", text: "Hide or show the marks", run: (app) => app.toggleMarks() },
  { id: "save", group: "Page", keys: ["s", "Mod+s"], label: "Save", text: "Save, or download the corrections", run: (app) => app.save() },
  { id: "keys", group: "Page", keys: ["?"], label: "Keys", text: "Show all keys", run: (app) => app.page.showKeys() },
];

const TURNS_OFF = "[name=letters]:not(:checked)";

const byKey = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command])));

// How the table above writes the key of an event.
function keyOf(event) {
  const isCharacter = event.key.length === 1, isLetter = /^\p{L}$/u.test(event.key);
  const hasShift = event.shiftKey && (isLetter || !isCharacter);
  const modifier = event.ctrlKey || event.metaKey ? "Mod+" : "";
  return `${modifier}${hasShift ? "Shift+" : ""}${isLetter ? event.key.toLowerCase() : event.key}`;
}

const isTyping = (element) => element.matches("input:not([type=checkbox]), select, textarea");

// Who dictates turns keys off that are a character: "next" must not be four of them.
const isOff = (key) => /^(Shift\+)?.$/u.test(key) && key !== "?" && document.querySelector(TURNS_OFF);

// Run commands by their keys, but not while something is typed or a dialog is open.
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target)) {
      if (event.key === "Escape") app.page.focusStage();
      return;
    }
    const key = keyOf(event), command = byKey.get(key);
    if (!command || event.altKey || isOff(key) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    app.run(command, event.key);
  });
}

const CAPS = { PageDown: "Page Down", PageUp: "Page Up", Mod: "Ctrl" };

function capOf(key) {
  const parts = key === "+" ? [key] : key.split("+");
  return parts.map((part) => CAPS[part] ?? part.replace(/^\p{L}$/u, (letter) => letter.toUpperCase())).join(" ");
}

function element(tag, text = "", attributes = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...attributes });
}

function buttonFor({ id, keys, label, text }) {
  const button = element("button", label, { type: "button", title: text });
  button.dataset.command = id;
  if (label.length > 1) button.append(" ", element("kbd", capOf(keys[0]).replace("Shift ", "⇧")));
  else button.ariaLabel = text;
  return button;
}

// Buttons for the groups that elements with `data-group` name.
export function makeButtons(app) {
  for (const place of document.querySelectorAll("[data-group]")) {
    const commands = COMMANDS.filter(({ group, label }) => label && group === place.dataset.group);
    place.append(...commands.map(buttonFor));
  }
  document.addEventListener("click", (event) => {
    const id = event.target.closest("button[data-command]")?.dataset.command;
    if (id) app.run(COMMANDS.find((command) => command.id === id));
  });
}

// The list of all keys, a table for each group.
export function listKeys(place) {
  for (const group of new Set(COMMANDS.map((command) => command.group))) {
    const table = element("table");
    table.createCaption().textContent = group;
    for (const command of COMMANDS.filter((one) => one.group === group)) {
      const row = table.insertRow();
      row.append(element("th", command.text, { scope: "row" }));
      const caps = (command.shown ? [command.shown] : command.keys).map(capOf);
      row.insertCell().append(...caps.flatMap((cap) => [element("kbd", cap), " "]));
    }
    place.append(table);
  }
}
